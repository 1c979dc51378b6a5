from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from fix_transforms.fix.masking import Masker
from fix_transforms.fix.scanner.secret_marks import names_secret

WORDS = [
    "554", "0554", "1554", "5540", "89", "91", "96", "553", "925", "1402", "1404", "Password", "NEWPASSWORD", "passwd", "pwd", "User name",
    "username", "Signature(89)", "RawData [96]", "(554)", "[554]", "(Password)", '"', "'", "\\", ":", ": ", " :", "=", " ", "\t", "x", "line ",
    "{", ",", "tag", "09:30:00", "value", ">", "secret", "\u00e9",
    "%3D", "\\u003d", "\\x3d", "&#61;", "&#x3D;", "&equals;", "<", "\\x1", "%01", "\r",
]  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join))
def test_text_that_masking_changes_is_always_marked(text):
    content = text.encode()
    if Masker().mask_text(content) != content:
        assert names_secret(np.frombuffer(content, np.uint8))


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
        "",
    ],
)
def test_lines_of_everyday_logs_are_not_marked(text):
    assert not names_secret(np.frombuffer(text.encode(), np.uint8))


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
    ],
)
def test_what_may_be_hidden_is_marked(text):
    assert names_secret(np.frombuffer(text.encode(), np.uint8))
