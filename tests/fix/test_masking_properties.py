"""Secrets in every shape a log can give them, searched for in every cell that the parser gives."""

from __future__ import annotations

import json
import re

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from fix_transforms.fix import ParseOptions, parse
from fix_transforms.fix.dictionary import DATA_LENGTH_TAGS
from fix_transforms.fix.masking import Masker, may_hold_secret
from tests.fix.notations import CREDENTIALS, NAMED_STRUCTURES, PAIRS, ROWS, STRUCTURES

MANY = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

LENGTH_OF = {data: length for length, data in DATA_LENGTH_TAGS.items()}
TAGS = (553, 554, 925, 89, 91, 96, 1402, 1404)
DATA_TAGS = tuple(tag for tag in TAGS if tag in LENGTH_OF)
SINGLE = [bytes((code,)) for code in (*range(1, 9), 11, 12, *range(14, 32), *b" \t!#$%&*+,/:;@^_`|~")]
SPELLED = [
    b"\\x01",
    b"\\u0001",
    b"\\001",
    b"\\x1",
    b"\\01",
    b"%01",
    b"^A",
    b"<SOH>",
    b"[SOH]",
    b"#001",
    b"&#x01;",
    b"&#x1;",
    b"&#1;",
    b"\xe2\x90\x81",
    b" | ",
]
DELIMITERS = st.sampled_from([b"\x01", b"\x01", b"|", *SINGLE, *SPELLED])

#: What a leak is told by: letters that nothing else in these logs has, so that any part of a secret is found.
WORD = st.text("qxzkvw", min_size=6, max_size=9)
#: What may stand between the words of a secret: delimiters, blanks, signs, quotes, bytes of no text.
BETWEEN = st.one_of(
    st.sampled_from(
        [b"", b"|", b" ", b"=", b'"', b"'", b"\\", b";", b"^", b"~", b",", b"<", b">", b"]", b")", b":", b"^A", b"\x02"]
    ),
    st.binary(min_size=1, max_size=2).filter(lambda junk: not re.search(rb"[\x00\x01\r\n\x0b\x0c0-9]", junk)),
)


@st.composite
def secrets(draw, between=BETWEEN):
    words = draw(st.lists(WORD, min_size=1, max_size=3))
    secret = words[0].encode()
    for word in words[1:]:
        secret += draw(between) + word.encode()
    return secret, words


def wire(fields, begin=b"FIX.4.4"):
    body = b"".join(b"%d=%s\x01" % field for field in fields)
    start = b"8=%s\x019=%d\x01" % (begin, len(body)) + body
    return start + b"10=%03d\x01" % (sum(start) % 256)


def with_length(tag, value):
    return [(LENGTH_OF[tag], b"%d" % len(value)), (tag, value)] if tag in LENGTH_OF else [(tag, value)]


def logon(tag, secret):
    return wire(
        [(35, b"A"), (49, b"ME"), (56, b"YOU"), (34, b"1"), (98, b"0"), *with_length(tag, secret), (108, b"30")]
    )


def everything(content, size=0, **options):
    """Every cell of every frame: text as it is, and as its bytes were before control characters were spelled out."""
    pieces = [content[i : i + size] for i in range(0, len(content), size)] if size else [content]
    chunks = list(parse(pieces, ParseOptions(**options)))
    frames = [
        frame
        for chunk in chunks
        for frame in (chunk.messages, chunk.group_fields, chunk.log_events, chunk.quarantine, chunk.market_data)
    ]
    cells = [str(cell) for frame in frames for row in frame.iter_rows() for cell in row if cell is not None]
    return chunks, "\n".join(cells)


def assert_hidden(content, words, size=0, **options):
    chunks, cells = everything(content, size, **options)
    leaked = [word for word in words if word in cells]
    assert not leaked, (content, [line for line in cells.split("\n") if any(word in line for word in words)])
    assert sum(chunk.tally.unaccounted_bytes for chunk in chunks) == 0
    return chunks


# ---- whole messages ----


@MANY
@given(secrets(st.binary(max_size=3)), st.sampled_from(TAGS), st.sampled_from([b"", b"20240102-09:30:00 : "]))
def test_whole_messages_hide_secrets_of_any_bytes_at_their_length(given_secret, tag, prefix):
    secret, words = given_secret
    if tag not in LENGTH_OF:
        secret = secret.replace(b"\x01", b"?")
    message = logon(tag, secret)
    chunks = assert_hidden(prefix + message + b"\n", words)
    messages = chunks[0].messages
    assert messages.select("checksum_status", "body_length_ok").rows() == [("ok", True)]
    raw = messages["raw"][0].encode(messages["raw_encoding"][0])
    assert raw == message.replace(b"\x01%d=%s\x01" % (tag, secret), b"\x01%d=%s\x01" % (tag, b"*" * len(secret)))


@MANY
@given(secrets(), st.sampled_from(TAGS), DELIMITERS, st.integers(0, 40), st.sampled_from([None, b"key"]))
def test_no_delimiter_and_no_chunk_border_shows_a_secret(given_secret, tag, delimiter, size, key):
    secret, words = given_secret
    if splits(secret, delimiter):
        return
    log = b"2024-01-02 09:30:00,123 INFO " + logon(tag, secret).replace(b"\x01", delimiter) + b"\n"
    assert_hidden(log + b"09:30:01 an event\n" + log, words, size, mask_key=key)


def splits(secret, delimiter):
    """Whether the secret itself, as the log spells it, holds what ends a field."""
    return delimiter.strip() in secret or (delimiter.isspace() and delimiter in secret)


# ---- messages that are not whole ----


@MANY
@given(secrets(), st.sampled_from(TAGS), DELIMITERS, st.data())
def test_torn_and_bare_messages_show_no_secret(given_secret, tag, delimiter, data):
    secret, words = given_secret
    spelled = logon(tag, secret).replace(b"\x01", delimiter)
    tag_at = spelled.index(b"%d=%s" % (tag, secret))
    # Cut anywhere but between a delimiter's own digits: 1553= is a field like any other.
    cuts = [cut for cut in range(tag_at + 1) if not re.match(rb"0{0,3}1%d=" % tag, spelled[cut:])]
    cut = data.draw(st.sampled_from(cuts), label="cut")
    end = data.draw(st.integers(tag_at, len(spelled)), label="end")
    bare = b"RawFix:" + spelled[spelled.index(b"35=A") : spelled.rindex(b"10=")]
    for content in (spelled[:end], spelled[cut:], bare, spelled[:end] + spelled, spelled[cut:] + spelled[:end]):
        assert_hidden(b"2024-01-02 09:30:00 " + content + b"\n" + b"next line\n", words)
        assert_hidden(content, words, size=data.draw(st.sampled_from([1, 7, 64]), label="size"))


# ---- text that speaks of fields ----

SIGNED = ["{t}={s}", "{t} = {s}", "0{t}={s}", "{n}({t})={s}", "{n} ({t}) = {s}", "{t}({n})={s}", "[{t}]={s}", "[{n}]{t}={s}", "{n}={s}", "{n}: {s}",
          "{n}({t}): {s}", "(35=A, {t}={s})", "<{t}>={s}", "{t}=>{s}", "{t}\t=\t{s}", "|35=A|{t}={s}|98=0|", "35=A^A{t}={s}^A98=0"]  # fmt: skip
COLON = [
    "{t}:{s}",
    "35:A, {t}:{s}, 98:0",
    "35:A|{t}:{s}|98:0",
    "bad logon ({n}) {t}: {s}",
    "{{{t}: '{s}'}}",
    "'{t}': '{s}'",
]
MARKUP = ['<field tag="{t}" value="{s}"/>', '<field tag="{t}"><![CDATA[{s}]]></field>', "<Fld id='{t}'>{s}</Fld>"]
ESCAPED = ["{t}%3D{s}", "{t}\\u003d{s}", "{t}\\x3D{s}", "{t}&#61;{s}", "{t}&#x3d;{s}", "{n}({t})&equals;{s}", "35%3DA%01{t}%3D{s}%0198%3D0",
           '{{"m":"35\\u003dA\\u0001{t}\\u003d{s}\\u000198\\u003d0"}}', '{{"tag":{t},"value":"{s}"}}', '{{"id": {t}, "v": "{s}"}}']  # fmt: skip
ELEMENTS = ["<{n}>{s}</{n}>", "<fix:{n}>{s}</fix:{n}>", '<{n} value="{s}"/>', '<{n} kind="2">{s}</{n}>']
NAMES = {
    553: "Username",
    554: "Password",
    925: "NewPassword",
    1402: "EncryptedPassword",
    1404: "EncryptedNewPassword",
    89: "Signature",
    91: "SecureData",
    96: "RawData",
}
PLAIN = st.sampled_from([b"", b"=", b"!", b"-", b"*", b"%", b"@", b".", b"_", b"/"])
PLACES = [
    "{}\n",
    "20240102-09:30:00.123 : {}\n",
    "2024-01-02 09:30:00 [main] INFO {}\n",
    "{} 8=FIX.4.4|9=5|35=0|10=163|\n",
    "8=FIX.4.4|9=99|35=A|{}\n",
]


@MANY
@given(
    secrets(PLAIN),
    st.sampled_from(TAGS),
    st.sampled_from(
        SIGNED + COLON + MARKUP + ESCAPED + ELEMENTS + PAIRS + STRUCTURES + NAMED_STRUCTURES + ROWS + CREDENTIALS
    ),
    st.sampled_from(PLACES),
)
def test_text_in_any_notation_shows_no_secret(given_secret, tag, form, place):
    secret, words = given_secret
    if tag in (89, 91, 96) and form in ("{n}={s}", "{n}: {s}", COLON[3], *ELEMENTS, *NAMED_STRUCTURES):
        return  # words of everyday language, and numbers of everyday counts
    said = form.format(t=tag, n=NAMES[tag], s=secret.decode())
    assert_hidden(place.format(said).encode(), words)


@MANY
@given(
    secrets(st.sampled_from([b"", b'"', b"\\", b" ", b",", b"\x02", b"\xc3\xa9", b"|"])),
    st.sampled_from(TAGS),
    st.booleans(),
    st.sampled_from([None, ":", " : "]),
    st.booleans(),
)
def test_json_shows_no_secret(given_secret, tag, by_name, colon, nested):
    secret, words = given_secret
    key = NAMES[tag] if by_name and tag > 96 else str(tag)
    said = json.dumps({"35": "A", key: secret.decode(), "98": "0"}, separators=(",", colon or ":"))
    if nested:
        said = json.dumps({"message": said})
    assert_hidden(said.encode() + b"\n", words)


@MANY
@given(secrets(PLAIN), st.integers(0, 9))
def test_bearer_token_without_its_header_is_hidden_in_text(given_secret, digit):
    secret, words = given_secret
    said = f"curl -H Bearer {digit}{secret.decode()} -v"
    assert_hidden(f"{said}\n{said} 8=FIX.4.4|9=5|35=0|10=163|\n".encode(), words)


@MANY
@given(
    secrets(PLAIN),
    st.sampled_from((553, 554, 925, 1402, 1404)),
    st.sampled_from(SIGNED + COLON + ESCAPED + ELEMENTS + PAIRS + STRUCTURES + NAMED_STRUCTURES + CREDENTIALS),
    st.sampled_from([58, 354, 213]),
)
def test_values_of_other_fields_show_no_secret(given_secret, tag, form, holder):
    secret, words = given_secret
    said = form.format(t=tag, n=NAMES[tag], s=secret.decode()).encode()
    holding = [(212, b"%d" % len(said)), (213, said)] if holder == 213 else [(58, said)]
    message = wire([(35, b"3"), (49, b"ME"), (56, b"YOU"), (34, b"1"), (45, b"1"), *holding])
    chunks = assert_hidden(message, words)
    assert chunks[0].messages.select("checksum_status", "body_length_ok").rows() == [("ok", True)]
    assert len(chunks[0].messages["raw"][0]) == len(message)


# ---- what is no secret ----

HARMLESS = [
    "2024-01-02 09:30:00,554: connected to 10.0.0.1:554",
    "09:30:00.925: Session FIX.4.4:ME->YOU schedule is 00:00:00 to 23:59:59",
    "20240102-09:30:00.089 : Sent 91 messages, 96% of 553, line 554: ok",
    "gateway[554]: accepted, thread 89: idle, Session.cpp(554): logon",
    "Received 554 messages in 91.5 s, queue 1404 of 1402",
    "[WARN] bid 89 ask 91, high 96 low 89",
    "at 89:91 and 91:30 the ratio is 96:4",
    "Password expired; the user name is unknown",
    "Reject: Required tag missing Password(554), disconnecting",
    "missing fields [553, 554], SMTP (554, rejected), quotes (89, 91)",
    "| 89 | 91 | 96 | 553 | 554 |  554  553",
    "price  554  Password expired  | 554 | Text | gone",
    "the token is stale, tokenizer=fast, tokens=5, unexpected token: }",
    "password=",
    "api_key=, secret: ; token=",
    "EncryptedPasswordMethod=101 EncryptedPasswordLen=64 RawDataLength=12 PasswordLen: 8",
    "Bearer shares of the bearer",
    "Authorization: granted; authorization=none",
    "orderid=554 value=9.5, port:554, value at 10.0.0.1",
    "keyPath=/etc/ssl, sequence_key=5, monkey: x, keyStoreType=JKS",
    "RawData: 35=5, rawData=b'8=FIX.4.4'",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_clocks_ports_counts_and_places_in_code_stay_readable(text):
    assert Masker().mask_text(text.encode()) == text.encode()
    chunks, _ = everything(text.encode() + b"\n")
    assert chunks[0].log_events["text"].to_list() == [text]


DIGITS_OF_SECRETS = re.compile(rb"(?<![0-9])0*(?:89|91|96|553|554|925|1402|1404)(?![0-9])")


NAMES_OF_SECRETS = re.compile(rb"(?i)password|passwd|pwd|username|token|secret|api.?key|phrase|raw_?data|authorization")


@MANY
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
    st.sampled_from(
        ["", "554", "96", " 1402:", "Password:", "pwd :", "tag='554'", "(91)", "('554',", "554 |", "token"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)
def test_masking_changes_nothing_without_its_triggers(before, middle, after):
    text = (before + middle + after).encode()
    changed = Masker().mask_text(text) != text
    named = NAMES_OF_SECRETS.search(text) is not None
    numbered = DIGITS_OF_SECRETS.search(text) is not None
    assert not changed or may_hold_secret(text)
    told = re.search(rb"=|%3d|u003d|x3d|&#61;|&equals;|bearer", text.lower()) is not None
    assert (
        not changed
        or told
        or (named and b">" in text)
        or (b":" in text and (named or numbered))
        or (numbered and (b"," in text or (named and re.search(rb"[|]|  ", text))))
    )


@MANY
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
    st.sampled_from(TAGS),
    st.sampled_from(SIGNED + COLON + PAIRS + STRUCTURES + NAMED_STRUCTURES + ROWS + CREDENTIALS),
    secrets(PLAIN),
)
def test_masking_keeps_the_length_and_masking_twice_is_masking_once(before, tag, form, given_secret):
    text = (before + " " + form.format(t=tag, n=NAMES[tag], s=given_secret[0].decode())).encode()
    once = Masker().mask_text(text)
    assert len(once) == len(text)
    assert Masker().mask_text(once) == once
