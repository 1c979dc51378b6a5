from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import polars as pl
import pytest
from fixbench.agreement import TABLES, different_cells, parsed
from fixbench.columns import TAGS, disagreements
from fixbench.contestants import CONTESTANTS, REFERENCE
from fixbench.datasets import DATA_SETS, prefix_of, store, write_lines
from fixbench.messages import WIDE_FIELDS
from fixbench.plan import Plan

CLEAN = [name for name, data in DATA_SETS.items() if data.is_clean]
OTHERS = [name for name, contestant in CONTESTANTS.items() if contestant.columns is not None]
FIELD = re.compile(rb"([0-9]+)=([^\x01]*)\x01")


def lines_of(data: str, count: int, seed: int = 5) -> list[bytes]:
    return list(islice(DATA_SETS[data].lines(seed), count))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("logs")
    for name in DATA_SETS:
        (folder / f"{name}.log").write_bytes(b"".join(lines_of(name, 2_000 if name == "dirty" else 150)))
    return {name: folder / f"{name}.log" for name in DATA_SETS}


@pytest.fixture(scope="module")
def reference(logs: dict[str, Path]) -> dict[str, dict[str, pl.DataFrame]]:
    return {name: parsed(path, "simplefix", None)[0] for name, path in logs.items()}


# ---- the data ----


@pytest.mark.parametrize("data", CLEAN)
def test_every_clean_line_is_one_message_with_true_length_and_checksum(data: str) -> None:
    for line in lines_of(data, 60):
        wire = line[line.index(b"8=FIX") : -1]
        fields = FIELD.findall(wire)
        assert b"".join(b"%b=%b\x01" % field for field in fields) == wire
        body = wire[wire.index(b"\x0135=") + 1 : wire.rindex(b"10=")]
        assert [tag for tag, _ in fields[:3]] == [b"8", b"9", b"35"]
        assert int(fields[1][1]) == len(body)
        assert fields[-1] == (b"10", b"%03d" % (sum(wire[: wire.rindex(b"10=")]) % 256))


def test_order_flow_has_the_28_tags_between_its_messages() -> None:
    tags = {int(tag) for line in lines_of("small", 200) for tag, _ in FIELD.findall(line[line.index(b"8=FIX") :])}
    assert tags == set(TAGS)


def test_wide_messages_have_350_different_tags() -> None:
    for line in lines_of("wide", 20):
        tags = [tag for tag, _ in FIELD.findall(line[line.index(b"8=FIX") :])]
        assert len(tags) == len(set(tags)) == WIDE_FIELDS


def test_market_data_announces_5_to_50_entries_and_has_them() -> None:
    for line in lines_of("market-data", 100):
        fields = FIELD.findall(line[line.index(b"8=FIX") :])
        announced = next(int(value) for tag, value in fields if tag == b"268")
        assert announced == sum(tag == b"269" for tag, _ in fields)
        assert 5 <= announced <= 50


def test_groups_of_the_deep_data_nest_three_and_four_levels(reference: dict[str, dict[str, pl.DataFrame]]) -> None:
    groups = reference["deep"]["group_fields"]
    deepest = groups.join(reference["deep"]["messages"].select("message_index", "msg_type"), on="message_index")
    assert dict(deepest.group_by("msg_type").agg(pl.col("depth").max()).iter_rows()) == {"E": 4, "AE": 3}
    assert groups["is_known"].all()
    assert groups["count_ok"].all()


def test_dirty_logs_hold_everything_that_is_dirty(reference: dict[str, dict[str, pl.DataFrame]]) -> None:
    frames = reference["dirty"]
    assert {"ok", "bad"} <= set(frames["messages"]["checksum_status"])
    assert {"SOH", "|", ";", "^A"} <= set(frames["messages"]["delimiter"])
    assert {"truncated", "binary"} <= set(frames["quarantine"]["reason"])
    assert frames["log_events"].height > 0


@pytest.mark.parametrize("data", DATA_SETS)
def test_a_seed_is_one_stream_of_bytes(data: str) -> None:
    assert lines_of(data, 30, seed=1) == lines_of(data, 30, seed=1)
    assert lines_of(data, 30, seed=1) != lines_of(data, 30, seed=2)


def test_a_smaller_tier_is_a_prefix_of_whole_lines(tmp_path: Path) -> None:
    tiers = store(Plan(scale=0.004, data=("small",)), tmp_path)["small"]
    contents = {tier: Path(stored.path).read_bytes() for tier, stored in tiers.items()}
    for tier, content in contents.items():
        assert contents["whole"].startswith(content)
        assert content.endswith(b"\n")
        assert (len(content), content.count(b"8=FIX")) == (tiers[tier].size, tiers[tier].messages)
    assert len(contents["slow"]) < len(contents["middle"]) < len(contents["whole"])


def test_a_stored_data_set_is_taken_up_again(tmp_path: Path) -> None:
    plan = Plan(scale=0.001, data=("small",))
    first = store(plan, tmp_path)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert store(plan, tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == written


def test_a_prefix_has_at_least_one_line(tmp_path: Path) -> None:
    whole = write_lines(iter([b"8=FIX long enough\n", b"and more\n"]), 20, tmp_path / "whole.log")
    assert prefix_of(whole, 1, tmp_path / "prefix.log").size == len(b"8=FIX long enough\n")


# ---- the contestants ----


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("data", CLEAN)
def test_contestants_differ_from_us_exactly_where_it_is_declared(
    data: str, name: str, logs: dict[str, Path], reference: dict[str, dict[str, pl.DataFrame]]
) -> None:
    contestant = CONTESTANTS[name]
    assert contestant.columns is not None
    found = disagreements(contestant.columns(logs[data]), reference[data]["messages"])
    assert set(found) == contestant.differs.get(data, frozenset())


@pytest.mark.parametrize("name", [*OTHERS, REFERENCE])
@pytest.mark.parametrize("data", CLEAN)
def test_contestants_find_every_message_of_clean_data(data: str, name: str, logs: dict[str, Path]) -> None:
    contestant = CONTESTANTS[name]
    assert contestant.run(logs[data], contestant.threads) == 150


@pytest.mark.parametrize("name", [name for name in OTHERS if CONTESTANTS[name].stops_on])
def test_contestants_stop_where_it_is_declared(name: str, logs: dict[str, Path]) -> None:
    for data in CONTESTANTS[name].stops_on:
        with pytest.raises(Exception, match=r"(?i)utf-?8|sniff"):
            CONTESTANTS[name].run(logs[data], None)


# ---- the oracles ----


@pytest.mark.parametrize("tag", TAGS)
def test_a_single_wrong_cell_is_found(
    tag: int, logs: dict[str, Path], reference: dict[str, dict[str, pl.DataFrame]]
) -> None:
    columns = CONTESTANTS["simplefix"].columns
    assert columns is not None
    texts = columns(logs["small"]).with_row_index("row")
    row = texts.filter(pl.col(str(tag)).is_not_null())["row"][0]
    wrong = texts.with_columns(pl.when(pl.col("row") != row).then(pl.col(str(tag))).alias(str(tag))).drop("row")
    assert disagreements(wrong, reference["small"]["messages"]) == {tag: 1}


def test_a_lost_message_is_no_agreement(logs: dict[str, Path], reference: dict[str, dict[str, pl.DataFrame]]) -> None:
    columns = CONTESTANTS["simplefix"].columns
    assert columns is not None
    with pytest.raises(ValueError, match="149 messages, 150 expected"):
        disagreements(columns(logs["small"])[1:], reference["small"]["messages"])


def test_our_rows_are_equal_to_themselves_whatever_the_decoder_is_called(
    reference: dict[str, dict[str, pl.DataFrame]],
) -> None:
    for frames in reference.values():
        renamed = frames | {"messages": frames["messages"].with_columns(decoder=pl.lit("scanner"))}
        assert different_cells(renamed, frames) == {}


@pytest.mark.parametrize("table", TABLES)
def test_a_changed_cell_or_a_lost_row_of_any_table_is_found(
    table: str, reference: dict[str, dict[str, pl.DataFrame]]
) -> None:
    frames = reference["dirty"]
    frame = frames[table].with_row_index("row")
    name = next(name for name, dtype in frames[table].schema.items() if dtype == pl.Int64)
    moved = frame.with_columns(pl.col(name) + (pl.col("row") == 1).cast(pl.Int64)).drop("row")
    assert different_cells(frames | {table: moved.cast(dict(frames[table].schema))}, frames) == {f"{table}.{name}": 1}
    assert different_cells(frames | {table: frames[table][1:]}, frames) == {f"{table} (rows)": 1}
    assert different_cells(frames | {table: frames[table].drop(name)}, frames) == {f"{table} (schema)": 1}
