"""Messages that follow others of the same fields, and what only looks like them."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fix.same_rows import assert_same_rows, rows_of
from tests.fuzz.seeds import wire

HEAD = ((49, b"DESK"), (56, b"VENUE"), (34, b"7"), (52, b"20240102-09:30:00.123"))
BODY = ((11, b"A-1"), (55, b"MSFT"), (54, b"1"), (38, b"100"), (44, b"10.25"))


def message(*body: tuple[int, bytes], msg_type: bytes = b"D", begin: bytes = b"FIX.4.4") -> bytes:
    return wire((35, msg_type), *HEAD, *body, begin=begin)


def with_field(place: int, tag: int, value: bytes) -> bytes:
    """The order with another field in one place."""
    return message(*BODY[:place], (tag, value), *BODY[place + 1 :])


ORDER = message(*BODY)
#: As many fields as the order has: of another type, tag, order or value, or nothing that may be read by its steps.
LOOKALIKES = {
    "another order": message((11, b"A-22222222222222222"), (55, b"IBM"), (54, b"2"), (38, b"7"), (44, b"-9.5")),
    "another MsgType": message(*BODY, msg_type=b"8"),
    "a MsgType that starts the same": message(*BODY, msg_type=b"D1"),
    "a long MsgType": message(*BODY, msg_type=b"DDDDDDDD"),
    "no MsgType": wire((43, b"D"), *HEAD, *BODY),
    "a logon": message(*BODY, msg_type=b"A"),
    "a MsgType that starts as a logon's": message(*BODY, msg_type=b"AE"),
    "a password": with_field(1, 554, b"secret"),
    "another tag": with_field(1, 48, b"MSFT"),
    "a tag without a column": with_field(1, 9999, b"MSFT"),
    "a longer tag of the same digits": with_field(1, 555, b"0"),
    "a tag with a zero": wire((35, b"D"), *HEAD, *BODY).replace(b"\x0155=", b"\x01055="),
    "a repeated tag": with_field(1, 11, b"A-2"),
    "a counter": with_field(1, 453, b"1"),
    "a group": message(*BODY[:2], (453, b"1"), (448, b"X"), (447, b"D")),
    "another group": message(*BODY[:2], (453, b"2"), (448, b"X"), (448, b"Y")),
    "other order": message(*BODY[::-1]),
    "a value with a sign": with_field(1, 55, b"a=b"),
    "a value with a field": with_field(1, 55, b"44=5"),
    "a secret in a value": with_field(1, 55, b"554: x"),
    "a secret before a number": with_field(1, 55, b"x 554:1"),
    "a secret after a sign": with_field(1, 55, b"554=x"),
    "a named secret": with_field(1, 55, b"password=x"),
    "an empty value": with_field(1, 55, b""),
    "an odd price": with_field(4, 44, b"1e5"),
    "an odd time": wire((35, b"D"), *HEAD[:3], (52, b"20240102-24:00:00"), *BODY),
    "another version": message(*BODY, begin=b"FIXT.1.1"),
    "a wrong checksum": ORDER[:-2] + b"x\x01",
    "bytes outside ASCII": with_field(1, 55, "Müller".encode()),
    "a line end": with_field(1, 55, b"a\nb"),
}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted(LOOKALIKES)), max_size=40), st.sampled_from([b"", b"\n", b"\r\n"]))
def test_what_only_looks_like_the_message_before_reads_the_same(names, line_end):
    messages = [ORDER, *(between for name in names for between in (LOOKALIKES[name], ORDER))]
    assert_same_rows(line_end.join(messages))


def test_every_lookalike_reads_the_same_after_many_orders_and_after_itself():
    for lookalike in LOOKALIKES.values():
        assert_same_rows(b"\n".join([ORDER] * 5 + [lookalike] * 8 + [ORDER] * 3))


def test_messages_of_several_kinds_by_turns_are_scanned():
    kinds = [message(*BODY[:count], msg_type=msg_type) for count in range(1, 6) for msg_type in (b"D", b"8", b"AE")]
    content = b"\n".join(kinds * 40)
    decoders = rows_of([content], decoder="scanner").frames["messages"]["decoder"]
    assert (decoders == "scanner").sum() >= len(decoders) - 2
    assert_same_rows(content)


def test_a_message_with_more_fields_than_a_template_holds_reads_the_same():
    long = message(*((tag, b"x") for tag in range(5001, 5080)), *BODY)
    assert_same_rows(b"\n".join([long, ORDER, long, long]))


def test_a_column_that_opens_late_is_empty_in_the_rows_before_it():
    late = message(*BODY, (58, b"text"), (1, b"ACCOUNT"))
    assert_same_rows(b"\n".join([ORDER] * 30 + [late] + [ORDER] * 30 + [late] * 2))


def test_every_short_price_reads_the_same():
    texts = ["".join(letters) for size in range(1, 5) for letters in product("09.-x", repeat=size)]
    assert_same_rows(b"\n".join(with_field(4, 44, text.encode()) for text in texts))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.from_regex(r"-?[0-9]{0,10}\.?[0-9]{0,9}", fullmatch=True), min_size=1, max_size=40))
def test_prices_of_any_length_read_the_same(texts):
    assert_same_rows(b"\n".join(with_field(4, 44, text.encode()) for text in texts))


#: Tags of decimals: one more than are read at once, and what stands in them. Most are short; one that is not, or is no
#: decimal, has to be told apart from those beside it.
PRICE_TAGS = (38, 44, 99, 6, 14, 31, 32, 151, 118)
PRICES = st.sampled_from(["1", "100", "10.25", "0.5", "99999999", "9.999999", "1234567."]) | st.from_regex(
    r"-?[0-9]{0,9}\.?[0-9]{0,4}", fullmatch=True
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PRICES, min_size=0, max_size=len(PRICE_TAGS)), min_size=1, max_size=12))
def test_prices_beside_one_another_read_the_same(rows):
    assert_same_rows(b"\n".join(prices_of(row) for row in rows))


def prices_of(row: list[str]) -> bytes:
    return message((11, b"A-1"), *((tag, text.encode()) for tag, text in zip(PRICE_TAGS, row, strict=False)))


def test_more_prices_than_are_read_at_once_are_scanned_too():
    content = b"\n".join([prices_of(["10.25"] * count) for count in (8, 9, 9, 8, 1, 0)] * 4)
    frame = rows_of([content], decoder="scanner").frames["messages"]
    assert set(frame["decoder"][:-1]) == {"scanner"}  # a short last message is too near to the end
    assert frame["order_qty"].null_count() == 4
    assert_same_rows(content)


SECONDS = st.from_regex(r"2024010[12]-(09|10|24):(30|31|60):[0-6][0-9](\.[0-9]{0,12})?", fullmatch=True)


@settings(max_examples=100, deadline=None)
@given(st.lists(SECONDS | SECONDS.map(lambda text: text.replace(":", "").replace("-", "")), min_size=1, max_size=40))
def test_times_after_one_another_read_the_same(texts):
    lines = [wire((35, b"D"), *HEAD[:3], (52, text.encode()), (60, text[:17].encode()), *BODY) for text in texts]
    assert_same_rows(b"\n".join(lines))


def test_a_logon_with_the_fields_of_another_type_states_its_version():
    def fixt(msg_type: bytes, *fields: tuple[int, bytes]) -> bytes:
        return message(*fields, msg_type=msg_type, begin=b"FIXT.1.1")

    sides = fixt(b"AE", (552, b"1"), (54, b"1"), (37, b"X"), (2668, b"1"), (2669, b"Y"), (55, b"A"))
    for version in (b"4", b"9"):
        session = [(98, b"0"), (108, b"30"), (1137, version)]
        assert_same_rows(b"\n".join([fixt(b"AE", *session)] * 3 + [fixt(b"A", *session)] + [sides] * 8))
