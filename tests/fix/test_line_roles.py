from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix import ParseOptions, parse
from fix_transforms.fix.profiles import announces, needs_reference

CLOCK = b"20240206-14:47:33 "


def message(number, sender=b"A", target=b"B"):
    body = b"35=0\x0149=%s\x0156=%s\x0134=%d\x0152=20240206-14:47:33\x01" % (sender, target, number)
    start = b"8=FIX.4.4\x019=%d\x01" % len(body) + body
    return start + b"10=%03d\x01" % (sum(start) % 256)


def annotated(fields):
    named = b"|".join(b"[Name]" + field + b"[MEANING]" for field in fields)
    return b"2024-02-06 14:47:33,000 AnnotatedFix: Send [A-> B]: " + named


@pytest.mark.parametrize("first", [b"Driver Inbound: ", b"Recv: "])
def test_driver_line_beside_its_message_is_an_event(read, first):
    other = b"Recv: " if first.startswith(b"Driver") else b"Driver Inbound: "
    log = CLOCK + first + message(1) + b"\n" + CLOCK + other + message(1) + b"\n"
    found = read(log)
    assert found.messages["direction"].to_list() == ["in"]
    assert found.messages["log_prefix"].to_list() == ["20240206-14:47:33 Recv:"]
    assert found.log_events.height == 1
    assert "Driver Inbound:" in found.log_events["text"][0]
    assert (found.quarantine.height, found.tally.unaccounted_bytes) == (0, 0)


def test_driver_line_without_its_message_stays_a_message(read):
    log = CLOCK + b"Driver Inbound: " + message(1) + b"\n" + CLOCK + b"Recv: " + message(2) + b"\n"
    log += CLOCK + b"some remark\n" + CLOCK + b"Driver Outbound: " + message(2) + b"\n"
    found = read(log)
    assert found.messages["msg_seq_num"].to_list() == [1, 2, 2]
    assert found.log_events.height == 1


def test_retransmission_is_no_twin(read):
    log = (CLOCK + b"Recv: " + message(1) + b"\n") * 2
    assert read(log).messages.height == 2


def test_secret_of_a_shelved_line_is_masked(read, wire):
    logon = wire([(35, "A"), (49, "A"), (56, "B"), (34, "1"), (554, "hunter2")])
    found = read(CLOCK + b"Driver Inbound: " + logon + b"\n" + CLOCK + b"Recv: " + logon + b"\n")
    assert (found.messages.height, found.log_events.height) == (1, 1)
    assert "hunter2" not in found.everything()


def test_annotated_fields_beside_the_same_raw_ones_are_an_event(read):
    fields = [b"35=D", b"49=CLIENT", b"56=VENUE", b"11=C1"]
    raw = b"2024-02-06 14:47:33,000 RawFix:" + b"\x01".join(fields) + b"\x01"
    for lines in ([annotated(fields), raw], [raw, annotated(fields)]):
        found = read(b"\n".join(lines) + b"\n")
        assert ["AnnotatedFix" in text for text in found.log_events["text"]] == [True]
        assert ["RawFix" in text for text in found.quarantine["excerpt"]] == [True]


def test_annotated_fields_of_another_message_stay_in_quarantine(read):
    raw = b"2024-02-06 14:47:33,000 RawFix:35=D\x0149=CLIENT\x0156=VENUE\x0111=C1\x01"
    found = read(annotated([b"35=D", b"49=CLIENT", b"56=VENUE", b"11=C2"]) + b"\n" + raw + b"\n")
    assert (found.log_events.height, found.quarantine.height) == (0, 2)


LINES = st.lists(
    st.tuples(st.sampled_from([b"Recv: ", b"Sent: ", b"Driver Inbound: ", b"Driver Outbound: ", b""]), st.integers(1, 3)),
    max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(LINES, st.integers(1, 400))
def test_no_message_is_lost_to_its_twins(lines, cut):
    log = b"".join(CLOCK + word + message(number) + b"\n" for word, number in lines)
    rows = {}
    for name, chunks in {"whole": [log], "cut": [log[i : i + cut] for i in range(0, len(log), cut)]}.items():
        found = list(parse(chunks, ParseOptions(decoder="simplefix")))
        assert sum(chunk.tally.unaccounted_bytes for chunk in found) == 0
        rows[name] = [
            [row for chunk in found for row in frame(chunk).iter_rows()]
            for frame in (lambda chunk: chunk.messages.select("line_number", "raw"), lambda chunk: chunk.log_events)
        ]
    assert rows["whole"] == rows["cut"]
    messages, events = rows["whole"]
    kept = {line for line, _ in messages}
    assert len(messages) + len(events) == len(lines)
    for place, (word, number) in enumerate(lines):
        if place + 1 not in kept:
            beside = [lines[i] for i in (place - 1, place + 1) if 0 <= i < len(lines)]
            assert word.startswith(b"Driver")
            assert any(not other.startswith(b"Driver") and same == number for other, same in beside)


ANNOUNCING = [
    (b"Incoming message:", "in"),
    (b"2024-02-06 14:47:33,123 INFO x - Outgoing message:", "out"),
    (b"2024-02-06 14:47:33,123 INFO x - Received FIX message", "in"),
    (b"Message sent:", "out"),
    (b"14:47:33 Recv:", "in"),
    (b"2024-02-06 14:47:33 ==>", "out"),
]


@pytest.mark.parametrize(("line", "direction"), ANNOUNCING)
def test_line_before_tells_the_direction(read, line, direction):
    for end in (b"\n", b"\r\n"):
        log = (line + end + message(1) + end) * 2
        for chunks in ([log], (log[i : i + 1] for i in range(len(log)))):
            found = read(chunks)
            assert found.messages["direction"].to_list() == [direction] * 2
            assert found.messages["line_number"].to_list() == [2, 4]
            assert found.log_events.height == found.quarantine.height == 0
            assert found.tally.unaccounted_bytes == 0


@pytest.mark.parametrize("line", [b"Logon sent", b"message received from peer", b"35=D|49=A|56=B| Recv:", b"", b"->"])
def test_line_that_announces_nothing_stays_what_it_is(read, line):
    assert not announces(line)
    found = read(line + b"\n" + message(1) + b"\n")
    assert found.messages["direction"].to_list() == [None]


def test_announcement_with_nothing_after_it_is_an_event(read):
    found = read(b"Incoming message:\nconnection lost\n" + message(1) + b"\n")
    assert found.log_events["text"].to_list() == ["Incoming message:", "connection lost"]
    assert found.messages["direction"].to_list() == [None]


@pytest.mark.parametrize(
    ("prefix", "sender", "expected"),
    [
        ("2024-02-06 14:47:33,096 FIX.4.2:DESK->VENUE: ", b"DESK", "out"),
        ("2024-02-06 14:47:33,096 FIX.4.2:DESK->VENUE: ", b"VENUE", "in"),
        ("FIXT.1.1:DESK/SUB/LOC->VENUE/X:QUAL - ", b"DESK", "out"),
        ("2024-02-06 14:47:33,096 FIX.4.2:OTHER->VENUE: ", b"DESK", None),
        ("2024-02-06 14:47:33 fromApp FIX.4.2:DESK->VENUE: ", b"DESK", "in"),
    ],
)
def test_session_in_the_prefix_tells_the_direction(read, prefix, sender, expected):
    target = b"VENUE" if sender == b"DESK" else b"DESK"
    assert read(prefix.encode() + message(1, sender, target)).messages["direction"].to_list() == [expected]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Driver Inbound:", True),
        ("INFO AnnotatedFix: x", True),
        ("FIX.0.0:DESK0->VENUE: ", True),
        ("FIX.0.0:A->B, incoming> (", False),
        ("0 Recv:", False),
        ("", False),
    ],
)
def test_shapes_that_words_alone_do_not_settle_are_named(words, expected):
    assert needs_reference(words) is expected


@pytest.mark.parametrize("local", [set(), {"B"}])
def test_compiled_pass_settles_roles_alike(local):
    words = [
        b"Recv: ",
        b"Driver Inbound: ",
        b"Recv: ",
        b"Sent: ",
        b"Driver Outbound: ",
        b"Driver Outbound: ",
        b"",
        b"x ",
    ]
    log = (
        b"".join(CLOCK + word + message(number // 2) + b"\n" for number, word in enumerate(words * 60))
        + b"Incoming message:\n"
        + message(7)
        + b"\n"
        + CLOCK
        + b"FIX.4.4:A->B: "
        + message(8)
        + b"\n"
    )
    rows = {}
    for decoder in ("simplefix", "scanner"):
        chunks = list(parse([log], ParseOptions(decoder=decoder, local=frozenset(local))))
        frames = [chunk.messages.drop("decoder") for chunk in chunks] + [chunk.log_events for chunk in chunks]
        rows[decoder] = [row for frame in frames for row in frame.iter_rows()]
    assert rows["simplefix"] == rows["scanner"]
