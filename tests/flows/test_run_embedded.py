from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(900)


def test_run_ingests_once_and_then_has_nothing_to_do(home: Any, log: Callable[..., bytes]) -> None:
    home.drop("a b;ü.log", log(30))
    home.drop("zipped.log.gz", gzip.compress(log(20, session=2)))
    home.drop("empty.log", b"")
    home.drop("torn.log", log(5, session=3)[:-40])

    report = home.json("run")
    assert report["ok"], report["problems"]
    assert (report["files"], report["messages"], report["quarantined"]) == (4, 54, 1)
    assert report["batches"] == {"passed": 1}
    assert report["snapshot"] == "v000001"
    assert "prefect" not in home.imported

    status = home.json("status")
    assert status["batches"] == {"passed": 1}
    assert (status["snapshot"], status["lag_seconds"]) == ("v000001", 0.0)
    assert_status_adds_up_with_parse(home, status)

    again = home.json("run")
    assert (again["ok"], again["headline"], again["snapshot"]) == (True, "nothing new", None)
    heavy = {"prefect", "great_expectations", "dbt", "numba", "pandas", "sqlalchemy"}
    assert home.imported & heavy == frozenset()
    assert home.json("status")["tables"] == status["tables"]

    told = home.fixlake("run")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Nothing new in ")

    assert home.fixlake("reconcile").returncode == 0
    assert home.fixlake("maintain").returncode == 0


def assert_status_adds_up_with_parse(home: Any, status: dict[str, Any]) -> None:
    sums = {"messages": 0, "quarantined": 0, "log_events": 0}
    for path in home.landing.iterdir():
        parsed = parse_summary(home, path)
        for name in sums:
            sums[name] += parsed[name]
    assert {name: status[name] for name in sums} == sums
    assert status["files"] == len(list(home.landing.iterdir()))
    accounted = ("message_bytes", "quarantined_bytes", "log_event_bytes", "decoration_bytes")
    assert sum(status[name] for name in accounted) == status["content_bytes"]


def parse_summary(home: Any, path: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "parse", str(path), "--summary", "--json"],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("failpoint", ["spooled", "before_mark"])
def test_run_that_was_killed_is_finished_by_the_next(home: Any, log: Callable[..., bytes], failpoint: str) -> None:
    home.drop("a.log", log(30))
    killed = subprocess.run(
        [sys.executable, "-m", "flows.cli", "run", "--home", str(home.path)],
        env={**os.environ, "FIXLAKE_FAILPOINT": f"{failpoint}:kill"}, capture_output=True, check=False, timeout=280,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL

    report = home.json("run")
    assert report["ok"], report["problems"]
    status = home.json("status")
    assert (status["files"], status["messages"], status["batches"]) == (1, 30, {"passed": 1})
    assert (status["snapshot"], status["lag_seconds"]) == ("v000001", 0.0)


def test_run_on_an_empty_home_does_nothing_and_succeeds(home: Any) -> None:
    report = home.json("run")
    assert (report["ok"], report["headline"]) == (True, "nothing new")
    assert home.json("status") == {
        "files": 0, "messages": 0, "quarantined": 0, "log_events": 0,
        "object_bytes": 0, "content_bytes": 0, "message_bytes": 0, "quarantined_bytes": 0, "log_event_bytes": 0,
        "decoration_bytes": 0, "batches": {}, "tables": {}, "snapshot": None, "lag_seconds": 0.0, "unreadable": {},
    }  # fmt: skip
