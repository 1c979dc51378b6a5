"""A lake whose every row is chosen by the test: good by default, bad where the test says so."""

from __future__ import annotations

import datetime as dt
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from fix_transforms.lake.apply import ensure_tables
from fix_transforms.lake.delta import Lake
from fix_transforms.settings import Settings, load_settings
from fix_transforms.tables import (
    FIX_GROUP_FIELDS,
    FIX_MESSAGES,
    INGESTED_FILES,
    LOG_EVENTS,
    MARKET_DATA_ENTRIES,
    QUARANTINE,
    Table,
)
from fix_transforms.tables.render.to_polars import polars_schema
from fix_transforms.workspace import Workspace

with warnings.catch_warnings():
    # Great Expectations imports modules that the standard library has deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    import great_expectations
    import great_expectations.render.renderer  # noqa: F401

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
FILE = "f" * 24
BATCH = "0123456789abcdef"
SOH = "\x01"

Row = dict[str, Any]


def message(index: int = 0, /, **given: Any) -> Row:
    row: Row = {
        "file_id": FILE,
        "message_index": index,
        "byte_offset": index * 100,
        "byte_length": 100,
        "line_number": index + 1,
        "batch_id": BATCH,
        "ingested_at": NOON,
        "trading_date": NOON.date(),
        "trading_month": NOON.date().replace(day=1),
        "log_time": NOON,
        "delimiter": "SOH",
        "framing": "body_length",
        "checksum_status": "ok",
        "body_length_ok": True,
        "decoder": "simplefix",
        "duplicate_tags": [],
        "coercion_errors": [],
        "begin_string": "FIX.4.4",
        "msg_type": "0",
        "sender_comp_id": "BUY",
        "target_comp_id": "SELL",
        "msg_seq_num": index + 1,
        "sending_time": NOON,
        "raw_encoding": "utf-8",
    }
    row |= given
    row.setdefault("raw", SOH.join(("8=FIX.4.4", "9=5", f"35={row['msg_type']}", "10=000", "")))
    return row


def report(index: int = 0, /, **given: Any) -> Row:
    fill: Row = {
        "msg_type": "8",
        "exec_type": "F",
        "ord_status": "1",
        "side": "1",
        "ord_type": "2",
        "time_in_force": "0",
        "order_qty": 100,
        "cum_qty": 40,
        "leaves_qty": 60,
        "last_qty": 40,
        "last_px": 10,
        "avg_px": 10,
        "exec_id": "E1",
    }
    return message(index, **fill | given)


def group_field(index: int = 0, /, **given: Any) -> Row:
    return {
        "file_id": FILE,
        "message_index": 0,
        "batch_id": BATCH,
        "ingested_at": NOON,
        "trading_date": NOON.date(),
        "trading_month": NOON.date().replace(day=1),
        "position": index,
        "path": "453[0]",
        "counter_tag": 453,
        "instance": 0,
        "depth": 1,
        "tag": 448,
        "value": "X",
        "is_known": True,
        "count_ok": True,
    } | given


def entry(index: int = 0, /, **given: Any) -> Row:
    return {
        "file_id": FILE,
        "message_index": 0,
        "entry_index": index,
        "batch_id": BATCH,
        "ingested_at": NOON,
        "trading_date": NOON.date(),
        "trading_month": NOON.date().replace(day=1),
        "msg_type": "X",
        "md_update_action": "0",
        "md_entry_type": "0",
        "symbol": "ACME",
        "coercion_errors": [],
    } | given


def event(**given: Any) -> Row:
    return {
        "file_id": FILE,
        "byte_offset": 100_000,
        "byte_length": 20,
        "line_number": 900,
        "batch_id": BATCH,
        "ingested_at": NOON,
        "log_time": NOON,
        "text": "Initiated logon request",
    } | given


def refused(**given: Any) -> Row:
    return {
        "file_id": FILE,
        "byte_offset": 200_000,
        "byte_length": 2,
        "line_number": 950,
        "batch_id": BATCH,
        "ingested_at": NOON,
        "reason": "truncated",
        "detail": "no CheckSum",
        "excerpt": "8=FIX.4.4",
    } | given


@dataclass
class Rows:
    """The rows of one batch; files follow from the rest unless ``files`` overrides their columns."""

    messages: list[Row] = field(default_factory=lambda: [message(0)])
    groups: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    file: Row = field(default_factory=dict)
    files: list[Row] | None = None
    entries: list[Row] = field(default_factory=list)

    def ingested(self) -> list[Row]:
        if self.files is not None:
            return self.files
        lengths = {name: sum(row["byte_length"] for row in rows) for name, rows in self._by_column().items()}
        counts = {
            "messages": len(self.messages),
            "quarantined": len(self.refused),
            "log_events": len(self.events),
            "group_fields": len(self.groups),
            "market_data_entries": len(self.entries),
            "decoration_bytes": 1_000_000 - sum(lengths.values()),
        }
        return [file_row(**counts | lengths | self.file)]

    def _by_column(self) -> Mapping[str, list[Row]]:
        return {"message_bytes": self.messages, "quarantined_bytes": self.refused, "log_event_bytes": self.events}


def file_row(**given: Any) -> Row:
    return {
        "file_id": FILE,
        "batch_id": BATCH,
        "ingested_at": NOON,
        "bucket": "textfixlogs",
        "object_key": "a.log",
        "object_bytes": 1_000_000,
        "last_modified": NOON,
        "compression": "none",
        "status": "ingested",
        "is_replacement": False,
        "start_offset": 0,
        "resume_offset": 1_000_000,
        "content_bytes": 1_000_000,
        "message_bytes": 0,
        "quarantined_bytes": 0,
        "log_event_bytes": 0,
        "decoration_bytes": 0,
        "unaccounted_bytes": 0,
        "messages": 0,
        "quarantined": 0,
        "log_events": 0,
        "group_fields": 0,
        "parser_version": "0",
        "decoder": "auto",
        "parse_seconds": 0.1,
    } | given


def frame(table: Table, rows: list[Row]) -> pl.DataFrame:
    return (
        pl.DataFrame(rows, schema=polars_schema(table), strict=False)
        if rows
        else pl.DataFrame(schema=polars_schema(table))
    )


def put(workspace: Workspace, rows: Rows, batch_id: str = BATCH) -> None:
    """Append the rows to the lake as a batch would be."""
    lake = Lake(workspace.lake)
    pairs = (
        (INGESTED_FILES, rows.ingested()),
        (QUARANTINE, rows.refused),
        (LOG_EVENTS, rows.events),
        (FIX_GROUP_FIELDS, rows.groups),
        (MARKET_DATA_ENTRIES, rows.entries),
        (FIX_MESSAGES, rows.messages),
    )
    for table, found in pairs:
        if found:
            append(lake, table, frame(table, found))
    # The commit that makes the batch complete, whether or not it has messages.
    lake.append(
        lake.open(FIX_MESSAGES), FIX_MESSAGES, frame(FIX_MESSAGES, []).to_arrow().to_reader(), {batch_id: 1}, {}
    )


def append(lake: Lake, table: Table, rows: pl.DataFrame) -> None:
    lake.append(lake.open(table), table, rows.to_arrow().to_reader(), {}, {})


@pytest.fixture(scope="session")
def build() -> SimpleNamespace:
    """The builders above, since test modules cannot import this one."""
    names = (message, report, group_field, entry, event, refused, file_row, frame, put, append, Rows)
    return SimpleNamespace(batch_id=BATCH, file_id=FILE, noon=NOON, **{name.__name__: name for name in names})


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with the declared tables and no rows, to be copied."""
    home = tmp_path_factory.mktemp("empty") / "lakehouse"
    ensure_tables(Lake(load_settings(home=home).lake))
    return home


@pytest.fixture
def settings(tmp_path: Path, empty_lake: Path) -> Settings:
    shutil.copytree(empty_lake, tmp_path / "lakehouse")
    return load_settings(home=tmp_path / "lakehouse")


@pytest.fixture
def workspace(settings: Settings) -> Workspace:
    return Workspace.from_settings(settings)
