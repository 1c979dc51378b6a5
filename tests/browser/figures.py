"""What the tiles of a dashboard must say, computed from the published file by SQL that shares nothing with the assets.

Invariant: a text is expected exactly as Superset formats it, so a wrong unit fails like a wrong number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

Number = int | float
ORDERS = '(select * from "03_analytics".fct_orders where not is_drop_copy) as orders'
EXECUTIONS = '(select * from "03_analytics".fct_executions where is_effective) as executions'
ANSWERS = (
    "(select * from \"03_analytics\".fct_latency where measure = 'acknowledgement' and clocks = 'logger') as answers"
)


def whole(number: Number) -> str:
    """``2,924``."""
    return f"{round(number):,}"


def share(digits: int) -> Callable[[Number], str]:
    """``74.2%``."""
    return lambda number: f"{number:.{digits}%}"


def decimal(digits: int) -> Callable[[Number], str]:
    """``4.80``."""
    return lambda number: f"{number:,.{digits}f}"


def smart(number: Number) -> str:
    """Three digits and a letter for thousands, millions or billions: ``22.3B``."""
    for letter, size in (("B", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(number) >= size:
            return f"{float(f'{number / size:.3g}'):g}{letter}"
    return f"{number:.2f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Tile:
    """A headline: where its number comes from, and how it is written.

    ``{where}`` in the query is a condition on columns that every table behind the tiles has.
    """

    title: str
    query: str
    written: Callable[[Number], str]


TRADING = (
    Tile("Orders", f"select count(*) from {ORDERS} where {{where}}", whole),
    Tile("Fills", f"select count(*) from {EXECUTIONS} where {{where}}", whole),
    Tile("Executed quantity", f"select sum(last_qty)::double from {EXECUTIONS} where {{where}}", whole),
    Tile(
        "Fill ratio",
        f"select (select sum(last_qty) from {EXECUTIONS} where {{where}})::double / sum(order_qty)::double"
        f" from {ORDERS} where {{where}}",
        share(1),
    ),
    Tile("Reject ratio", f"select avg((order_state = 'Rejected')::int) from {ORDERS} where {{where}}", share(2)),
    Tile("Ack latency p50", f"select median(latency_us) / 1e3 from {ANSWERS} where {{where}}", decimal(2)),
    Tile("Ack latency p99", f"select quantile_cont(latency_us, 0.99) / 1e3 from {ANSWERS} where {{where}}", decimal(2)),
)
EXECUTION = (
    *TRADING[3:],
    Tile("Fill rate", f"select avg((order_state = 'Filled')::int) from {ORDERS} where {{where}}", share(1)),
    Tile(
        "First fill p50",
        "select median(latency_us) / 1e6 from \"03_analytics\".fct_latency where measure = 'first_fill' and {where}",
        decimal(1),
    ),
    Tile(
        "Replace requests",
        "select count(*) from \"03_analytics\".fct_order_events where event_type = 'replace_request' and {where}",
        whole,
    ),
    Tile(
        "Cancel requests",
        'select count(*) from "03_analytics".fct_order_events semi join "03_analytics".fct_orders using (order_key)'
        " where event_type = 'cancel_request' and {where}",
        whole,
    ),
    Tile(
        "OTR by number",
        'select sum(order_messages)::double / sum(transactions)::double - 1 from "03_KPI_fix".agg_order_to_trade',
        decimal(2),
    ),
    Tile(
        "OTR by volume",
        'select sum(order_volume)::double / sum(traded_volume)::double - 1 from "03_KPI_fix".agg_order_to_trade',
        decimal(2),
    ),
    Tile("Sequence gaps", 'select count(*) from "03_analytics".fct_sequence_gaps', whole),
    Tile("Numbers lost", 'select sum(unaccounted_numbers) from "03_analytics".fct_sequence_gaps', whole),
)
QUALITY = (
    Tile("Files", 'select count(*) from "000_monitoring".postgres_processed_files', whole),
    Tile("Messages", 'select sum(messages) from "000_monitoring".postgres_processed_files', whole),
    Tile("Quarantined", 'select sum(quarantined) from "000_monitoring".postgres_processed_files', whole),
    Tile("Unaccounted", 'select sum(unaccounted_bytes) from "000_monitoring".file_integration', whole),
    Tile(
        "Rules failed",
        "select count(*) from \"000_monitoring\".quality_outcomes where is_latest and verdict in ('failed', 'error')",
        whole,
    ),
    Tile(
        "Held batches",
        'select count(distinct batch_id) from "000_monitoring".file_integration'
        " where batch_decision not in ('passed', 'released')",
        whole,
    ),
)
TILES = {"trading-overview": TRADING, "execution-analytics": EXECUTION, "data-quality": QUALITY}


def expected(published: Path, tiles: tuple[Tile, ...], where: str = "true") -> dict[str, str]:
    """Title → text, for the snapshot that is published now."""
    file = (published / "current").resolve() / "lakehouse.duckdb"
    with duckdb.connect(file, read_only=True) as connection:
        answers = {tile.title: connection.execute(tile.query.format(where=where)).fetchone() for tile in tiles}
    return {tile.title: tile.written((answers[tile.title] or (0,))[0] or 0) for tile in tiles}


#: A table: of what is dealt in pairs, the second currency is what is paid; simulations that share identifiers make
#: orders of several instruments.
NOTIONAL = "Notional by currency"
AMOUNTS = f"""
with fills as (
    select *, coalesce(nullif(split_part(symbol, '/', 2), ''), currency) as paid from {EXECUTIONS} where {{where}}
),
traded as (
    select list(paid) as paid, count(*) as fills, sum(last_qty * last_px)::double as amount from fills group by order_key
)
select
    case when list_unique(paid) = 1 and list_count(paid) = len(paid) then paid[1] else '(mixed or not known)' end,
    sum(fills),
    sum(amount)
from traded group by 1
"""


def amounts(published: Path, where: str = "true") -> set[tuple[str, ...]]:
    """Rows of the table ``NOTIONAL``."""
    file = (published / "current").resolve() / "lakehouse.duckdb"
    with duckdb.connect(file, read_only=True) as connection:
        rows = connection.execute(AMOUNTS.format(where=where)).fetchall()
    return {(currency, whole(fills), smart(amount)) for currency, fills, amount in rows}


def value(published: Path, query: str) -> str:
    """The one text that a query gives."""
    file = (published / "current").resolve() / "lakehouse.duckdb"
    with duckdb.connect(file, read_only=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None, query
    return str(row[0])
