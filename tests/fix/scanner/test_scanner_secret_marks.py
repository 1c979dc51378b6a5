from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from fix_transforms.fix.masking import Masker
from fix_transforms.fix.scanner.loads import SLACK
from fix_transforms.fix.scanner.words import is_plain_text
from tests.fix.notations import CREDENTIALS, NAMED_STRUCTURES, PAIRS, ROWS, STRUCTURES
from tests.fix.same_rows import assert_same_rows

WORDS = [
    "554", "0554", "1554", "5540", "89", "91", "96", "553", "925", "1402", "1404", "Password", "NEWPASSWORD", "passwd", "pwd", "User name",
    "username", "Signature(89)", "RawData [96]", "(554)", "[554]", "(Password)", '"', "'", "\\", ":", ": ", " :", "=", " ", "\t", "x", "line ",
    "{", ",", "tag", "09:30:00", "value", ">", "secret", "\u00e9",
    "%3D", "\\u003d", "\\x3d", "&#61;", "&#x3D;", "&equals;", "<", "\\x1", "%01", "\r",
    "(", "[", "]", ")", "}", "b'", '",', "', ", "|", " | ", "  ", "   ", "value=", "Value:", "tag: ", "Tag:", "name:", "Key", "LogonPassword",
    "keystore_password", "token", "access_token", "api_key", "apiKey", "secret", "secretKey", "passphrase", "RawData", "raw_data",
    "SecureData", "Authorization", "Bearer", "bearer ", "abc12345", "0096", ":59,554", ":5x,554", ".554",
]  # fmt: skip
FORMS = PAIRS + STRUCTURES + NAMED_STRUCTURES + ROWS + CREDENTIALS
TAGS_AND_NAMES = [("554", "Password"), ("0925", "NewPassword"), ("96", "RawData"), ("553", "user_name"), ("91", "SecureData"), ("89", "Signature")]  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.builds(
        lambda form, field, secret: form.format(t=field[0], n=field[1], s=secret),
        st.sampled_from(FORMS),
        st.sampled_from(TAGS_AND_NAMES),
        st.sampled_from(["x", "hunter2", "'", "8=FIX", "1234567", ""]),
    ),
)


def names_secret(content):
    work = np.zeros(len(content) + SLACK, np.uint8)
    work[: len(content)] = np.frombuffer(content, np.uint8)
    return not is_plain_text(work, len(content))


def assert_read_alike(lines, heartbeat):
    """Assert that every decoder gives the same rows; the pass never gives the last message of what it has read."""
    assert_same_rows(b"\n".join([heartbeat, *lines, *[heartbeat] * 3, b""]))


def cut(text, first, last):
    return text[first : len(text) - last]


TEXTS = st.builds(
    cut, st.lists(PIECES, max_size=8).map("".join), st.sampled_from([0, 0, 0, 1, 4]), st.sampled_from([0, 0, 0, 1, 4])
)


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
def test_text_that_masking_changes_is_always_marked(text):
    content = text.encode()
    if Masker().mask_text(content) != content:
        assert names_secret(content)


@pytest.mark.parametrize("form", FORMS)
def test_notation_alone_is_marked_in_text_and_in_values(wire, heartbeat, form):
    for tag, name in TAGS_AND_NAMES:
        text = form.format(t=tag, n=name, s="hunter2")
        masked = Masker().mask_text(text.encode())
        assert names_secret(text.encode()) or b"hunter2" in masked
        assert_read_alike([wire([(35, "B"), (58, text), (148, "x")]), text.encode()], heartbeat)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS.map(lambda text: text.replace("\r", "")), min_size=1, max_size=8))
def test_every_decoder_hides_the_same_in_lines_prefixes_and_values(wire, heartbeat, texts):
    lines = []
    for text in texts:
        prefix = f"20240304-08:00:01.554 {text} ".encode()
        lines += [text.encode(), prefix + wire([(35, "B"), (58, text), (148, "x")]), prefix + wire([(35, "0")])]
    assert_read_alike([*lines, *lines], heartbeat)


@pytest.mark.parametrize(
    "text",
    [
        "20240304-08:00:01.100 : ",
        "20240304-08:00:01.554 : ",
        "2024-03-04 08:00:01,089: ",
        "2024-03-04 08:00:01,123: [QFJ Message Processor]: <FIX.4.4:ME->YOU, incoming> (",
        "app[12554]: Received: Initiated logon request",
        "00000000000000000000000000091234: sequence 0: queue",
        "limit=5, queue_size = 7; level=INFO",
        "GET /fix?x HTTP 100% & more, D\\logs\\x86 A->B <event> \\u0001",
        "INFO   [main]  Session created  | ok |  5 of 554 sent, 91.5 s",
        "record: 5, filekeys: 6, Application: up, data=3, value: 5, tag: 55",
        "the bearers, branch b",
        "",
    ],
)
def test_lines_of_everyday_logs_are_not_marked(text):
    assert not names_secret(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "554=1",
        "44 =1",
        "password=1",
        'x="1"',
        "554(x)=1",
        "=1",
        "554:a",
        "x 000925 :a",
        "Password : a",
        "pwd:a",
        '"554":1',
        "{'tag': '554'}",
        "Password[554]:x",
        "554%3dx",
        "554\\u003Dx",
        "554\\x3dx",
        "554&#61;x",
        "Password&equals;x",
        "<Password>x",
        "<fix:pwd>x",
        "(554, 'x')",
        '["0554" ,"x"]',
        "(b'96', b'x')",
        "{tag:554 value:x}",
        "tag=554 value=x",
        "Password (554)  x",
        "554 Password  x",
        "554 | Password | x",
        "Password | 91 | x",
        "keystore_password: x",
        "TOKEN=x",
        "api-key: x",
        "secretKey=x",
        "passphrase=x",
        "RawData=x",
        "Authorization: Basic x",
        "Bearer 12345678",
    ],
)
def test_what_may_be_hidden_is_marked(text):
    assert names_secret(text.encode())
