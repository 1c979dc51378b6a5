"""``fixlake query``: ask the published marts anything, in SQL.

Invariant: whatever a counterparty put into a field, no control character of it reaches the terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.options import Home, Json

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType

#: A spreadsheet takes a cell that starts like this for a formula, unless it is a number.
FORMULA_START = r"^[=+\-@\t\r]"
PLAIN_NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
#: Decimal digits that a double holds for sure; those behind them are left over from computing in binary.
DOUBLE_DIGITS = 15


def query(
    sql: Annotated[str, typer.Argument(help="One statement that reads, e.g. 'from fct_orders limit 5'.")],
    home: Home = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, safe to open in a spreadsheet.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Most rows to print; 0 prints all.")] = 1000,
) -> None:
    """Run one SQL statement against the published snapshot. It can read the marts and nothing else."""
    from fix_transforms.fix.wording import escape_json
    from fix_transforms.marts.query import query as ask
    from fix_transforms.settings import load_settings

    frame = ask(load_settings(home=home), sql, limit or None)
    if as_json:
        typer.echo(escape_json(frame.write_json()))
    elif as_csv:
        typer.echo(spreadsheet_safe(frame).write_csv(), nl=False)
    else:
        _print(frame)


command = query


def spreadsheet_safe(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with an apostrophe before text that a spreadsheet would run, and control characters spelled out.

    Numbers stay numbers, also where they are text (``-1.5``); nested values become text.
    """
    import polars as pl

    from fix_transforms.fix.wording import ESCAPES

    # CSV quotes tabs and line ends.
    spelled = {chr(code): escape for code, escape in ESCAPES.items() if chr(code) not in "\t\n"}
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    flat = frame.with_columns(
        pl.Series(name, [None if value is None else str(value) for value in frame[name].to_list()], pl.String)
        for name in nested
    )
    escaped = []
    for name, dtype in flat.schema.items():
        if dtype == pl.String:
            text = pl.col(name).str.replace_many(spelled)
            runs = text.str.contains(FORMULA_START) & ~text.str.contains(PLAIN_NUMBER)
            escaped.append(pl.when(runs).then(pl.concat_str(pl.lit("'"), text)).otherwise(text).alias(name))
    return flat.with_columns(escaped)


def _print(frame: pl.DataFrame) -> None:
    """A table where the terminal is wide enough, else a block per row, or names alone: nothing is cut off or folded."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    cells = [[_shown(value) for value in row] for row in frame.iter_rows()]
    columns = [[name, *(row[number] for row in cells)] for number, name in enumerate(frame.columns)]
    widths = [max(map(len, column)) for column in columns]
    fits = sum(widths) + 3 * len(widths) + 1 <= console.width
    if fits:
        console.print(_table(frame, cells))
    else:
        console.print(_blocks(frame.columns, cells) if cells else Text(", ".join(frame.columns)))
    console.print(f"{frame.height:,} rows" if frame.height != 1 else "1 row", style="dim")


def _table(frame: pl.DataFrame, cells: list[list[str]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    for name, dtype in frame.schema.items():
        table.add_column(Text(name), justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _blocks(names: list[str], cells: list[list[str]]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    blocks = []
    for number, row in enumerate(cells, start=1):
        block = Table.grid(padding=(0, 2))
        block.title, block.title_justify = f"row {number}", "left"
        for name, cell in zip(names, row, strict=True):
            block.add_row(Text(name, style="bold"), Text(cell, overflow="fold"))
        blocks.append(block)
    return Group(*blocks)


def _shown(value: object) -> str:
    """One value as a person reads it: no padding zeros, no digits beyond what a double holds, no control characters."""
    from decimal import Decimal

    from fix_transforms.fix.wording import escape_control

    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, float):
        return f"{value:.{DOUBLE_DIGITS}g}"
    return escape_control(str(value))
