"""How tools write a secret's field that neither the wire nor prose knows: dumps of code, tables, other credentials.

Invariant: in each form ``{t}`` is the field's tag, ``{n}`` its name and ``{s}`` the secret.
"""

from __future__ import annotations

#: Pairs, as Python, simplefix, Elixir, Ruby, JavaScript and .NET print them.
PAIRS = [
    "('{t}', '{s}')",
    "[(b'35', b'A'), (b'{t}', b'{s}')]",
    "[(35, 'A'), ({t}, '{s}')]",
    "({t}, b'{s}')",
    '["{t}","{s}"]',
    '{{"35", "A"}}, {{"{t}", "{s}"}}',
    '[{t}, "{s}"]',
    "[ [ '{t}', '{s}' ] ]",
    '[Field({t}, "{s}")]',
    '{t} => "{s}"',
    '"{t}" => "{s}"',
    '[\\"{t}\\",\\"{s}\\"]',
]
#: Structures of Rust, Go, .NET and JSON that name tag and value.
STRUCTURES = [
    'Field {{ tag: {t}, value: "{s}" }}',
    "{{Tag:{t} Value:{s}}}",
    "&{{Tag:{t}, Value:{s}}}",
    "tag={t} value={s}",
    '{{ tag: {t}, name: "{n}", value: "{s}" }}',
    '{{"tag":{t},"name":"{n}","value":"{s}"}}',
    '{{"tag": {t}, "type": "STRING", "fieldValue": "{s}"}}',
    "Key: {t}, Value: {s}",
]
NAMED_STRUCTURES = [
    '{{"name":"{n}","value":"{s}"}}',
    '{{"fieldName":"{n}","fieldValue":"{s}"}}',
    "{{Name:{n} Value:{s}}}",
]
#: Rows of tables: in lines of a log, not in values.
ROWS = [
    "| {t} | {n} | {s} |",
    "{t} | {n} | {s}",
    "{t}\t{n}\t{s}",
    "{t},{n},{s}",
    "{t}   {n}   {s}",
    "    {n} ({t})          {s}",
    "{n} [{t}]  {s}",
    "| {n} | {t} | {s} |",
    "[{t}] {n}   │ {s}",
    "║ [{t}] {n}                    │ {s}",
]
#: What lets in whoever has it, with any tag or none.
CREDENTIALS = [
    "LogonPassword={s}",
    "SocketKeyStorePassword: {s}",
    "keystore_password: {s}",
    "sshPasswd={s}",
    "userPwd={s}",
    "<logonPassword>{s}</logonPassword>",
    "RawData={s}",
    '"rawData":"{s}"',
    "token={s}",
    "access_token: {s}",
    "authToken={s}",
    "api_key={s}",
    "apikey = {s}",
    '{{"api_key":"{s}"}}',
    "X-API-Key: {s}",
    "secretKey={s}",
    "AWS_SECRET_ACCESS_KEY={s}",
    "client_secret='{s}'",
    "passphrase={s}",
    "Authorization: Bearer {s}",
    "{{'Authorization': 'Basic {s}'}}",
]
