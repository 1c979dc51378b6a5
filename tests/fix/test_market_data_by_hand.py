from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from itertools import groupby

import hypothesis.strategies as st
import polars as pl
from hypothesis import given, settings

from fix_transforms.fix.frames import parsed_schema
from fix_transforms.fix.market_data import market_data_frame
from fix_transforms.tables import FIX_GROUP_FIELDS, FIX_MESSAGES, MARKET_DATA_ENTRIES

MANY = settings(max_examples=250, deadline=None)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DAY_NS = 86_400 * 10**9
INSTRUMENT = {55: "symbol", 48: "security_id", 22: "security_id_source", 167: "security_type", 207: "security_exchange"}

# ---- made groups ----

VALUES = {
    279: ["0", "0", "1", "2"], 269: ["0", "1"], 278: ["id", ""], 280: ["ref"], 58: ["no tag of an entry"], 9_999: ["own tag"],
    55: ["EURUSD", "A symbol of many bytes"], 48: ["EZ0"], 22: ["4"], 167: ["FUT"], 207: ["XLON"], 15: ["USD", "EUR"],
    270: ["1.0851", "-2.50", "7", "0.12345678901", "1234567.1234567", "1e5", "+1", "abc"], 271: ["100", "1000000000", "1.", ""],
    346: ["3", "007", "three", "-12", "123456789012"], 83: ["41"],
    272: ["20231231", "20240102", "20240230", "2024010"],
    273: ["09:30:00", "23:59:59.9", "00:00:00.1", "00:00:00.123456789", "12:00:00.1234", "9:30:00", "093000123", "23:59:60",
          "12:00:00.", "12:00:00.1234567890", "24:00:00", "09:30", "09:30:0x", "noon", "09:30:00.1é"],
    60: ["20240102-09:29:59.999999999", "20240102-09:29:59.9", "soon"],
}  # fmt: skip
fields = st.sampled_from(sorted(VALUES)).flatmap(lambda tag: st.tuples(st.just(tag), st.sampled_from(VALUES[tag])))
nested = st.lists(st.sampled_from([(311, "U"), (270, "99"), (55, "UNDERLYING")]), max_size=3)
instances = st.lists(st.one_of(fields, fields, fields, nested), min_size=1, max_size=9)
INSTANTS = [
    EPOCH + dt.timedelta(seconds=second, microseconds=us)
    for second in (1_704_187_800, 1_704_153_599, 1_704_153_600)  # in the morning, right before and right at midnight
    for us in (0, 999_999)
]
sent = st.one_of(st.none(), st.sampled_from(INSTANTS))


def rows_of(groups):
    """Fields of groups: an instance of entries, with groups inside it, or something else between."""
    for outer, opened in groups:
        if outer is None:
            prefix = ""
        else:
            prefix = f"555[{outer}]."
            yield f"555[{outer}]", 555, outer, 1, 268, str(len(opened))
        for instance, entry in enumerate(opened):
            path, depth = f"{prefix}268[{instance}]", 1 + bool(prefix)
            for field in entry:
                if isinstance(field, tuple):
                    yield path, 268, instance, depth, *field
                else:
                    yield path, 268, instance, depth, 711, str(len(field))
                    for inner, (tag, value) in enumerate(field):
                        yield f"{path}.711[{inner}]", 711, inner, depth + 1, tag, value


@st.composite
def chunks(draw):
    """Frames of group fields and messages as a chunk has them."""
    messages, groups = [], []
    index = 0
    for _ in range(draw(st.integers(1, 5))):
        index += draw(st.integers(1, 3))
        sending_time, log_time = draw(sent), draw(sent)
        message = {
            "message_index": index,
            "trading_date": draw(st.sampled_from([dt.date(2024, 1, 2), dt.date(2024, 1, 3)])),
            "trading_month": dt.date(2024, 1, 1),
            "msg_type": draw(st.sampled_from(["W", "X"])),
            "sender_comp_id": "VENUE",
            "md_req_id": draw(st.sampled_from([None, "R1"])),
            "sending_time": sending_time,
            "sending_time_ns": nanoseconds(sending_time),
            "sending_time_digits": None if sending_time is None else 6,
            "log_time": log_time,
            "log_time_ns": nanoseconds(log_time),
            "transact_time": draw(sent),
            "symbol": draw(st.sampled_from([None, "OF MESSAGE"])),
            "security_exchange": draw(st.sampled_from([None, "XNYS"])),
            "currency": draw(st.sampled_from([None, "JPY"])),
        }
        message["transact_time_ns"] = nanoseconds(message["transact_time"])
        messages.append(message)
        opened = st.tuples(st.sampled_from([None, None, 0, 1]), st.lists(instances, max_size=4))
        found = list(rows_of(draw(st.lists(opened, max_size=3))))
        if draw(st.booleans()):
            found.append(("453[0]", 453, 0, 1, 448, "PARTY"))
        names = ("path", "counter_tag", "instance", "depth", "tag", "value")
        groups += [{"message_index": index, **dict(zip(names, row, strict=True))} for row in found]
    return groups, messages


def nanoseconds(instant):
    return None if instant is None else (instant - EPOCH) // dt.timedelta(microseconds=1) * 1000


def framed(table, rows):
    return pl.DataFrame(
        {name: pl.Series(name, [row.get(name) for row in rows], dtype=dtype) for name, dtype in parsed_schema(table).items()}
    )  # fmt: skip


# ---- one entry at a time ----


def by_hand(groups, messages):
    found = []
    inside = [row for row in groups if row["counter_tag"] == 268]
    for index, of_message in groupby(inside, key=lambda row: row["message_index"]):
        message = next(message for message in messages if message["message_index"] == index)
        last = None
        number = 0
        for _, rows in groupby(of_message, key=lambda row: row["path"]):
            entry = {}
            for row in rows:
                entry.setdefault(row["tag"], row["value"])
            if entry.keys().isdisjoint({279, 269, 270, 271}):
                continue
            found.append({"entry_index": number, **read(entry, message, last)})
            number += 1
            if 55 in entry or 48 in entry:
                last = entry
    return found


def read(entry, message, last):
    wrong = set()
    inherited = {}
    if last is not None and not entry.keys() & {55, 48, 280} and entry.get(279, "0") == "0":
        inherited = last
    row = {name: message.get(name) for name in parsed_schema(MARKET_DATA_ENTRIES) if name in message}
    for tag, name in INSTRUMENT.items():
        row[name] = entry.get(tag, inherited.get(tag, message.get(name)))
    row["currency"] = entry.get(15, message.get("currency"))
    for tag, name in (
        (279, "md_update_action"),
        (269, "md_entry_type"),
        (278, "md_entry_id"),
        (280, "md_entry_ref_id"),
    ):
        row[name] = entry.get(tag)
    readers = {
        270: ("md_entry_px", decimal), 271: ("md_entry_size", decimal), 346: ("number_of_orders", integer), 83: ("rpt_seq", integer),
        272: ("md_entry_date", date),
    }  # fmt: skip
    for tag, (name, reader) in readers.items():
        row[name] = None if tag not in entry else reader(entry[tag])
        wrong |= {tag} if tag in entry and row[name] is None else set()
    if 60 in entry:
        day, _, time = entry[60].partition("-")
        set_time(row, "transact_time", instant(day, time))
        wrong |= {60} if row["transact_time"] is None else set()
    set_time(row, "md_entry_time", None)
    when = message["sending_time"] or message["log_time"]
    day = entry.get(272, when and f"{when:%Y%m%d}")
    if 273 in entry and day is not None:
        read_time = instant(day, entry[273])
        wrong |= {273} if read_time is None else set()
        if read_time is not None and row["md_entry_date"] is None and when is not None:
            ns, digits = read_time
            nearest = min((0, -1, 1), key=lambda days: abs(ns + days * DAY_NS - nanoseconds(when)))
            read_time = ns + nearest * DAY_NS, digits
        set_time(row, "md_entry_time", read_time)
    row["coercion_errors"] = sorted(wrong)
    return row


def set_time(row, name, read_time):
    ns, digits = read_time or (None, None)
    row[name] = None if ns is None else EPOCH + dt.timedelta(microseconds=ns // 1000)
    row[f"{name}_ns"], row[f"{name}_digits"] = ns, digits


def decimal(text):
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", text):
        return None
    value = Decimal(text)
    return value if value == round(value, 10) and abs(value) < 10**18 else None


def integer(text):
    return int(text) if re.fullmatch("-?[0-9]+", text) else None


def date(text):
    try:
        return dt.datetime.strptime(text, "%Y%m%d").replace(tzinfo=dt.UTC).date() if len(text) == 8 else None
    except ValueError:
        return None


def instant(day, time):
    """Nanoseconds and digits of a UTCTimestamp that was given in two parts."""
    parts = re.fullmatch(r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{0,12}))?", time)
    if parts is None:
        parts = re.fullmatch(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{0,12})", time)
    on = date(day)
    if parts is None or on is None:
        return None
    hour, minute, second = (int(part) for part in parts.groups()[:3])
    fraction = parts[4] or ""
    if hour > 23 or minute > 59 or second > 60:
        return None
    seconds = (on - EPOCH.date()).days * 86_400 + hour * 3600 + minute * 60 + second
    return seconds * 10**9 + int(f"{fraction:0<9}"[:9]), len(fraction)


@MANY
@given(chunks())
def test_columns_are_what_reading_group_fields_one_by_one_gives(chunk):
    groups, messages = chunk
    found = market_data_frame(framed(FIX_GROUP_FIELDS, groups), framed(FIX_MESSAGES, messages))
    assert found.schema == parsed_schema(MARKET_DATA_ENTRIES)
    nothing = dict.fromkeys(found.columns)
    expected = [nothing | row for row in by_hand(groups, messages)]
    assert found.to_dicts() == expected
