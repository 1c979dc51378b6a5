"""Who is measured, on how much, with how many threads, and in what they are known to differ from us.

Invariant: a contestant that cannot run where it is not declared to stop makes the run fail; none is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fixbench import ours, peers
from fixbench.plan import Tier

if TYPE_CHECKING:
    import polars as pl

Run = Callable[[Path, int | None], int]


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to read the logs.

    Attributes:
        title: As the report shows it.
        tier: How much of each data set it is given.
        run: Reads a file with so many threads; returns the messages found.
        threads: How many threads it may use; none for all cores.
        columns: The tags of a file as text columns, where it is not our own parser.
        decoder: The decoder of our own parser.
        differs: Data set → tags in which it is known to be wrong on clean data.
        stops_on: Data set → why it cannot read it at all.
        reason: Why it is wrong there.
    """

    name: str
    title: str
    tier: Tier
    run: Run
    threads: int | None = 1
    columns: Callable[[Path], pl.DataFrame] | None = None
    decoder: str | None = None
    differs: Mapping[str, frozenset[int]] = field(default_factory=dict)
    stops_on: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


#: Tags that the groups of a data set hold: a reader without groups takes them for fields of the message.
_GROUPED = {
    "market-data": frozenset({55}),
    "deep": frozenset({1, 11, 37, 38, 40, 54, 55, 60}),
}
_NO_GROUPS = "takes the first value inside a group for the message's own"
_NOT_UTF8 = {"dirty": "stops at the first byte that is not UTF-8"}


def _by_regex(
    name: str,
    title: str,
    run: Run,
    threads: int | None = 1,
    columns: Callable[[Path], pl.DataFrame] = peers.polars_columns,
) -> Contestant:
    """A reader with a regular expression per tag."""
    return Contestant(
        name, title, "middle", run, threads, columns, differs=_GROUPED, stops_on=_NOT_UTF8, reason=_NO_GROUPS
    )


SIMPLEFIX = "simplefix"
POLARS = "polars-regex"
POLARS_TABLE = "polars-table"
REFERENCE = "reference"
SCANNER_1 = "scanner-1"
SCANNER_2 = "scanner-2"

CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant(
            SIMPLEFIX,
            "simplefix, line by line (decode only)",
            "slow",
            peers.simplefix_decode,
            columns=peers.simplefix_columns,
            differs=_GROUPED,
            reason=_NO_GROUPS,
        ),
        Contestant(
            "split-pandas",
            "split into dicts, pandas",
            "slow",
            peers.split_decode,
            columns=peers.split_columns,
            differs={"small": frozenset({58}), **_GROUPED},
            reason="cuts a value at its first `=`; keeps the last value of a repeated tag",
        ),
        _by_regex("polars-regex-all", "Polars, regex per tag, all threads", peers.polars_decode, None),
        _by_regex(POLARS, "Polars, regex per tag", peers.polars_decode),
        _by_regex(
            POLARS_TABLE, "Polars, regex per tag of the table", peers.polars_table, columns=peers.polars_table_columns
        ),
        _by_regex("polars-typed", "Polars, regex per tag, cast to types", peers.polars_typed),
        _by_regex(
            "duckdb-regex", "DuckDB, regexp_extract per tag", peers.duckdb_decode, None, columns=peers.duckdb_columns
        ),
        Contestant(REFERENCE, "ours, reference decoder", "slow", ours.run("simplefix"), decoder="simplefix"),
        Contestant(SCANNER_1, "ours, scanner, 1 thread", "whole", ours.run("scanner"), threads=1, decoder="scanner"),
        Contestant(SCANNER_2, "ours, scanner, 2 threads", "whole", ours.run("scanner"), threads=2, decoder="scanner"),
    )
}
