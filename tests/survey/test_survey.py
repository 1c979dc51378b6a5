from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix import ParseOptions, parse
from fix_transforms.settings import load_settings
from fix_transforms.survey import Survey, suggest
from fix_transforms.survey.engines import engine_of
from fix_transforms.survey.shapes import clock_of
from fix_transforms.survey.zones import Distances, explains, zone_for

DATA = Path(__file__).parent.parent / "data"


def message(number=1, sent="20240702-10:00:00", sender="DESK", target="VENUE"):
    body = f"35=0|49={sender}|56={target}|34={number}|52={sent}|".replace("|", "\x01")
    start = f"8=FIX.4.4\x019={len(body)}\x01{body}"
    return f"{start}10={sum(start.encode()) % 256:03d}\x01".encode()


def survey_of(content, name="a.log", **options):
    survey = Survey(ParseOptions(source_name=name, **options))
    for chunk in parse([content], survey.options):
        survey.add(chunk)
    return survey


LOGS = {
    "quickfix": ("FIX.4.4-DESK-VENUE.messages.current.log", b"20240702-10:00:00.123456789 : " + message() + b"\n"),
    "local time": ("a.log", b"20240702-06:00:00 -> " + message() + b"\n20240702-06:00:01 -> " + message(2) + b"\n"),
    "arrows": ("a.log", b"07/02/2024  10:00:00:   <== " + message() + b"        JUNK\n"),
    "day first": ("a.log", b"02/07/2024 10:00:00.5 - " + message() + b"\n"),
    "day first in halves": ("a.log", b"02/07/2024 10:00:00.5 PM - " + message(sent="20240702-22:00:00") + b"\n"),
    "screen": ("a.log", b"<20240702-10:00:00, FIX.4.4:DESK->VENUE, incoming>\n  (" + message().replace(b"\x01", b"|") + b")\n"),
    "session": ("a.log", b"2024-07-02 10:00:00,096 FIX.4.4:DESK->VENUE: " + message() + b"\n"),
    "bare": ("a.log", b"2024-07-02 10:00:00,403 INFO [main] RawFix:35=0^A49=DESK^A56=VENUE^A\n" * 2),
    "twins": ("a.log", b"20240702-10:00:00 Driver Inbound: " + message() + b"\n20240702-10:00:00 Recv: " + message() + b"\n"),
    "suffix": ("a.in", message() + message(2) + b"\n"),
    "torn": ("a.log", message()[:-9] + b"\n" + message() + b"\nevent\n"),
    "nothing": ("a.log", b""),
    "no fix": ("odd \"name\"\x7f\x1b[0m\u202e.log", b"hello\n\xff\xfe\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOGS)
def test_suggestion_reads_the_same_rows(name, tmp_path):
    file_name, content = LOGS[name]
    suggestion = suggest(survey_of(content, file_name), file_name)
    (tmp_path / "sources.toml").write_text(suggestion, encoding="utf-8")
    declared = ParseOptions.from_settings(load_settings(sources=tmp_path / "sources.toml"), file_name)
    assert suggestion.isprintable() or set(suggestion) - set("\n") == {c for c in suggestion if c.isprintable()}
    for detected, again in zip(
        parse([content], ParseOptions(source_name=file_name)), parse([content], declared), strict=True
    ):
        assert detected.messages.equals(again.messages)
        assert detected.log_events.equals(again.log_events)
        assert detected.quarantine.equals(again.quarantine)


def uncommented(suggestion, *starts):
    lines = []
    for line in suggestion.splitlines():
        bare = line.removeprefix("# ")
        if line.startswith("timezone =") and "timezone" in starts:
            continue
        lines.append(bare if bare.startswith(starts) else line)
    return "\n".join(lines)


def test_fragments_that_are_messages_are_read_once_the_suggestion_is_uncommented(tmp_path):
    file_name, content = LOGS["bare"]
    suggestion = uncommented(suggest(survey_of(content), file_name), "profile =", "[profile.", "message_start")
    (tmp_path / "s.toml").write_text(suggestion, encoding="utf-8")
    options = ParseOptions.from_settings(load_settings(sources=tmp_path / "s.toml"), file_name)
    assert [chunk.tally.messages for chunk in parse([content], options)] == [2]
    assert [chunk.tally.quarantined for chunk in parse([content], options)] == [0]


def test_clock_that_is_hours_off_gets_the_zone_that_explains_it(tmp_path):
    file_name, content = LOGS["local time"]
    text = suggest(survey_of(content), file_name)
    assert "-4 h from SendingTime(52)" in text
    (tmp_path / "s.toml").write_text(uncommented(text, "timezone"), encoding="utf-8")
    options = ParseOptions.from_settings(load_settings(sources=tmp_path / "s.toml"), file_name)
    assert options.timezone == "America/New_York"
    times = [time for chunk in parse([content], options) for time in chunk.messages["log_time"]]
    assert times[0] == datetime(2024, 7, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(("name", "hour"), [("day first", 10), ("day first in halves", 22)])
def test_day_first_clock_is_noticed(tmp_path, name, hour):
    file_name, content = LOGS[name]
    text = uncommented(suggest(survey_of(content), file_name), "profile =", "[profile.", "time_format")
    (tmp_path / "s.toml").write_text(text, encoding="utf-8")
    options = ParseOptions.from_settings(load_settings(sources=tmp_path / "s.toml"), file_name)
    times = [time for chunk in parse([content], options) for time in chunk.messages["log_time"]]
    assert times == [datetime(2024, 7, 2, hour, 0, 0, 500_000, tzinfo=UTC)]


EVIDENCE = [
    ("arrows", {"in: <== before the message": 1}),
    ("session", {"out: the session in the prefix": 1}),
    ("suffix", {"in: the suffix of the file's name": 2}),
    ("quickfix", {"out: the session in the file's name": 1}),
    ("local time", {"nothing tells": 2}),
]


@pytest.mark.parametrize(("name", "expected"), EVIDENCE)
def test_direction_comes_with_what_told_it(name, expected):
    file_name, content = LOGS[name]
    assert survey_of(content, file_name).facts["evidence"] == expected


def test_declared_side_is_named_as_evidence():
    _, content = LOGS["local time"]
    assert survey_of(content, local=frozenset({"VENUE"})).facts["evidence"] == {
        "in: local, as declared for the source": 2
    }


def test_places_and_remarks_are_counted():
    assert survey_of(LOGS["suffix"][1]).facts["several_on_a_line"] == 1
    assert survey_of(message().replace(b"\x0156=", b"\x015\n6=") + b"\n").facts["over_several_lines"] == 1
    assert sum(survey_of(LOGS["twins"][1]).facts["remarks"].values()) == 1
    assert survey_of(LOGS["torn"][1]).facts["quarantine"] == {"truncated": 1}


@pytest.mark.parametrize(
    ("prefix", "file", "engine"),
    [
        ("20240102-09:30:00.123456789 :", "x.log", "QuickFIX C++ FileLog"),
        ("20240102-09:30:00.123 :", "x.log", "QuickFIX C++ or QuickFIX/n FileLog"),
        ("20240102-09:30:00:", "x.log", "QuickFIX/J FileLog"),
        ("<20240102-09:30:00, FIX.4.2:A->B, outgoing> (", "x", "QuickFIX ScreenLog"),
        ("2024-01-02 09:30:00,096 FIX.4.2:A->B:", "x", "QuickFIX/J with SLF4J"),
        ("2024/01/02 09:30:00.123456", "x", "quickfix-go file log"),
        ("20240102 09:30:00.123 -", "A-B.out", "FIX Antenna"),
        ("0000012  in", "x", "Fix8"),
        ("1704187800123456:", "x", "Artio archive printer"),
        ("20240102-09:30:00 Recv:", "x", "B4B FIX Engine"),
        ("", "FIX.4.4-A-B.messages.log", "QuickFIX/J FileLog"),
        ("", "x.log", None),
        ("2024-01-02 09:30:00 hello", "x.log", None),
    ],
)
def test_engine_is_guessed_by_its_lines(prefix, file, engine):
    found = engine_of(prefix, file)
    assert (found.name if found is not None else None) == engine


@pytest.mark.parametrize(
    ("prefix", "shape"),
    [
        ("20240102-09:30:00.123 : ", "YYYYMMDD-HH:MM:SS.nnn"),
        ("[2024-01-02 09:30:00,5Z] ", "YYYY-MM-DD HH:MM:SS,nZ"),
        ("01/02/2024  09:30:00: ", "MM/DD/YYYY  HH:MM:SS"),
        ("1/2/2024 9:30:00 PM : ", "MM/DD/YYYY HH:MM:SS AM"),
        ("2024-01-02\t09:30:00 ", "YYYY-MM-DD\\x09HH:MM:SS"),
        ("1704187800123456: ", "epoch us"),
        ("09:30:00 ", None),
    ],
)
def test_clock_has_a_shape(prefix, shape):
    found = clock_of(prefix)
    assert (found.shape if found is not None else None) == shape


ZONES = ["UTC", "Europe/London", "America/New_York", "America/Chicago", "Europe/Berlin", "Asia/Tokyo", "Asia/Kolkata"]


@settings(deadline=None)
@given(
    st.sampled_from(ZONES),
    st.lists(st.datetimes(datetime(2010, 1, 1), datetime(2024, 1, 1)), min_size=1, max_size=9),  # noqa: DTZ001
)
def test_zone_that_is_named_explains_every_clock(name, times):
    from zoneinfo import ZoneInfo

    distances = Distances()
    for time in times:
        noon = time.replace(hour=12, tzinfo=UTC)
        local = noon.astimezone(ZoneInfo(name)).replace(tzinfo=UTC)
        distances.add(local + timedelta(milliseconds=3), noon)
    agreed = distances.agreed()
    assert agreed is not None
    found = zone_for(agreed)
    assert found is not None
    assert explains(found, agreed)


def test_clocks_that_disagree_name_no_zone():
    distances = Distances()
    for minutes in range(0, 600, 7):
        distances.add(
            datetime(2024, 1, 2, 10, tzinfo=UTC) + timedelta(minutes=minutes), datetime(2024, 1, 2, 10, tzinfo=UTC)
        )
    assert distances.agreed() is None


def test_distance_of_no_place_gets_a_fixed_zone_with_its_sign_turned():
    assert zone_for({date(2024, 1, 2): timedelta(hours=-11)}) == "Etc/GMT+11"


def test_suggestion_is_toml_for_any_prefix():
    for prefix in ('a"b\\c/', "x\ny\x7f\u202e/", "\U0001f600/", "\udcff/"):
        loaded = tomllib.loads(suggest(survey_of(b""), prefix))
        assert list(loaded) == ["source"]
