from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fix_transforms import __version__
from flows import cli

HEAVY = ("prefect", "great_expectations", "dbt", "polars", "deltalake", "duckdb", "numba", "pandas", "sqlalchemy")


def fixlake(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    answer = CliRunner().invoke(cli.build(), [verb, "--help"])
    assert answer.exit_code == 0, answer.output
    assert f"Usage: fixlake {verb}" in answer.output
    assert len(answer.output.splitlines()) > 5


def test_help_lists_every_verb_with_a_word_about_it() -> None:
    answer = CliRunner().invoke(cli.build(), ["--help"], env={"COLUMNS": "200"})
    rows = {
        line.split()[1]: line.split()[2:-1]
        for line in answer.output.splitlines()
        if line.startswith("│ ") and line.split()[1] in cli.VERBS
    }
    assert set(rows) == set(cli.VERBS)
    assert all(len(words) > 2 for words in rows.values())


def test_version_is_the_packages() -> None:
    assert fixlake("--version").stdout == f"fixlake {__version__}\n"


def test_help_imports_nothing_heavy() -> None:
    code = (
        f"import sys\nfrom flows.cli import build\nbuild()\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_error_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    answer = fixlake("run", "--home", str(tmp_path), "--landing", "ftp://somewhere")
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr == (
        "fixlake: ftp://somewhere: unknown storage scheme; got ftp; expected a folder, file:// or s3://\n"
    )


def test_run_that_finds_another_at_work_says_so_and_fails(tmp_path: Path) -> None:
    from flows.run_lock import only_run

    with only_run(tmp_path):
        answer = fixlake("run", "--home", str(tmp_path))
    assert answer.returncode == 1
    assert "another run is at work" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_unknown_verb_is_a_usage_error() -> None:
    answer = fixlake("ingst")
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_apply_needs_to_know_the_server(tmp_path: Path) -> None:
    answer = fixlake("prefect", "apply", "--home", str(tmp_path))
    assert answer.returncode == 1
    assert answer.stderr.startswith("fixlake: PREFECT_API_URL: not set")


def test_demo_refuses_to_write_into_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIXLAKE_LANDING_URI", "s3://somebody")
    answer = fixlake("demo", "--home", str(tmp_path))
    assert answer.returncode == 1
    assert "FIXLAKE_LANDING_URI" in answer.stderr
