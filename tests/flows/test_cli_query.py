from __future__ import annotations

import polars as pl
import pytest
from typer.testing import CliRunner

from flows import cli

NAMES = [f"column_number_{number}" for number in range(40)]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch):
    """What ``fixlake query`` prints of an answer, line by line, on a terminal of 80 columns."""

    def printed(answer: pl.DataFrame) -> list[str]:
        monkeypatch.setattr("fix_transforms.marts.query.query", lambda *_arguments: answer)
        run = CliRunner().invoke(cli.build(), ["query", "from anything"], env={"COLUMNS": "80"})
        assert run.exit_code == 0, run.output
        return run.output.splitlines()

    return printed


def test_answer_that_fits_is_a_table_also_without_rows(ask) -> None:
    frame = pl.DataFrame({"symbol": ["MSFT"], "orders": [3]})
    assert [line.strip("│┃ ").split() for line in ask(frame)[1:-2:2]] == [["symbol", "┃", "orders"], ["MSFT", "│", "3"]]
    *table, count = ask(frame.clear())
    assert table[1].strip("┃ ").split() == ["symbol", "┃", "orders"]
    assert count == "0 rows"


def test_wide_answer_without_rows_is_every_name_in_full_and_how_many_rows(ask) -> None:
    *lines, count = ask(pl.DataFrame(schema=dict.fromkeys(NAMES, pl.String)))
    assert ", ".join(NAMES) == " ".join(line.rstrip() for line in lines)
    assert all(40 < len(line) <= 80 for line in lines[:-1])
    assert count == "0 rows"


def test_wide_answer_with_rows_is_a_block_per_row(ask) -> None:
    *lines, count = ask(pl.DataFrame({name: ["a value"] for name in NAMES}))
    assert lines[0].strip() == "row 1"
    assert [line.split() for line in lines[1:]] == [[name, "a", "value"] for name in NAMES]
    assert count == "1 row"


def test_double_is_shown_without_what_is_left_over_from_computing_in_binary(ask) -> None:
    values = [381318000.00000006, 0.1 + 0.2, 145.6599642857143, 2.0, 1e-9, None]
    shown = [line.strip("│ ") for line in ask(pl.DataFrame({"notional": values}))[3:-2]]
    assert shown == ["381318000", "0.3", "145.659964285714", "2", "1e-09", ""]
