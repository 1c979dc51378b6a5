from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixbench import processes
from fixbench.bars import NOT_MEASURED, verdicts
from fixbench.child import peak_bytes
from fixbench.contestants import CONTESTANTS, POLARS, POLARS_TABLE, REFERENCE, SCANNER_1, SCANNER_2, SIMPLEFIX
from fixbench.datasets import Stored
from fixbench.plan import BARS, MEGABYTE
from fixbench.plots import draw
from fixbench.report import page
from fixbench.results import Results, Spread
from fixbench.run import objections_to, tier_of
from fixbench.sampling import Sampler
from fixbench.stages import by_function, by_stage, stage_of
from hypothesis import given
from hypothesis import strategies as st

MACHINE = {
    "cpu": "a processor",
    "cores": 2,
    "memory_bytes": 8_000_000_000,
    "system": "a system",
    "python": "CPython 3",
    "packages": {"polars": "1"},
    "code": "0123",
    "date": "2024-01-02",
    "load_before": 0.0,
}
TIERS = {
    tier: {"size": size * MEGABYTE, "messages": size * 4_000}
    for tier, size in {"whole": 100, "middle": 20, "slow": 2, "warm-up": 1}.items()
}
#: Seconds per round of each contestant.
SECONDS = {
    SIMPLEFIX: (1.0, 2.0, 1.0),
    POLARS: (2.0, 4.0, 2.0),
    POLARS_TABLE: (2.0, 4.0, 2.0),
    REFERENCE: (2.0, 4.0, 2.0),
    SCANNER_1: (0.5, 1.0, 0.5),
    SCANNER_2: (0.25, 0.5, 0.25),
}


def sample(contestant: str, number: int, seconds: float) -> dict[str, Any]:
    tier = CONTESTANTS[contestant].tier
    return {
        "data": "small",
        "contestant": contestant,
        "round": number,
        "tier": tier,
        "seconds": seconds,
        "cpu_seconds": seconds,
        "messages": TIERS[tier]["messages"],
        "peak_bytes": 200 * MEGABYTE,
    }


@pytest.fixture
def results() -> Results:
    clean = {"rows": {"messages": 100}, "differs": {}, "by_scanner": 100, "unaccounted_bytes": 0}
    lines = [["framing", "_scan", 1, 1.0], ["scanner/passes", "scan", 2, 2.0], ["scanner/passes", "scan", 3, 1.0]]
    return Results(
        machine=dict(MACHINE),
        plan={"scale": 1.0},
        data={"small": TIERS},
        agreement={"small": {SCANNER_1: clean, SIMPLEFIX: {"cells": 2_800, "differs": {"58": 3}}}},
        samples=[sample(name, number, one) for name, times in SECONDS.items() for number, one in enumerate(times)],
        starts=[
            {"kind": "library", "is_cold": is_cold, "seconds": seconds, "cpu_seconds": seconds / 2}
            | ({"compiled_seconds": 4 * seconds} if is_cold else {})
            for is_cold, times in ((True, (5.0, 6.0, 9.0)), (False, (0.5, 0.6, 2.0)))
            for seconds in times
        ],
        memory=[
            {"contestant": name, "size": size * MEGABYTE, "peak_bytes": peak * MEGABYTE}
            for name in (SCANNER_1, SCANNER_2)
            for size, peak in ((50, 300), (250, 400), (1000, 420))
        ],
        profiles=[{"data": "small", "contestant": SCANNER_1, "seconds": 4.0, "lines": lines}],
    )


# ---- figures ----


def test_a_rate_is_the_bytes_of_the_contestants_own_tier_per_second(results: Results) -> None:
    assert results.megabytes_per_second("small", SIMPLEFIX) == Spread(median=2.0, least=1.0, most=2.0)
    assert results.megabytes_per_second("small", SCANNER_1) == Spread(median=200.0, least=100.0, most=200.0)
    assert results.messages_per_second("small", SCANNER_1) == Spread(median=800_000, least=400_000, most=800_000)


def test_a_ratio_compares_within_a_round(results: Results) -> None:
    assert results.ratio("small", SCANNER_1, SIMPLEFIX) == Spread(median=100.0, least=100.0, most=100.0)
    assert results.ratio("small", SCANNER_2, SCANNER_1) == Spread(median=2.0, least=2.0, most=2.0)


def test_a_round_that_the_other_missed_gives_no_ratio(results: Results) -> None:
    results.samples = [one for one in results.samples if (one["contestant"], one["round"]) != (SIMPLEFIX, 0)]
    results.samples[-1]["seconds"] = 1_000.0
    ratio = results.ratio("small", SCANNER_1, SIMPLEFIX)
    assert ratio is not None
    assert (ratio.least, ratio.most) == (100.0, 100.0)


def test_who_never_ran_has_no_figures(results: Results) -> None:
    assert results.megabytes_per_second("small", "duckdb-regex") is None
    assert results.ratio("small", SCANNER_1, "duckdb-regex") is None
    assert results.peak_bytes("small", "duckdb-regex") is None


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=9))
def test_the_median_lies_between_the_least_and_the_most(values: list[float]) -> None:
    spread = Spread.over(values)
    assert spread is not None
    assert spread.least <= spread.median <= spread.most
    assert sum(value <= spread.median for value in values) * 2 >= len(values)


def test_results_are_the_same_after_they_were_kept(results: Results, tmp_path: Path) -> None:
    results.write(tmp_path / "results.json")
    assert page(Results.load(tmp_path / "results.json")) == page(results)


# ---- bars ----


def test_every_bar_is_met_by_results_that_meet_it(results: Results) -> None:
    assert [one.what for one in verdicts(results) if not one.is_met] == []


def test_a_bar_without_a_measurement_is_not_met(results: Results) -> None:
    empty = replace(results, agreement={}, samples=[], starts=[], memory=[])
    assert {(one.measured, one.is_met) for one in verdicts(empty)} == {(NOT_MEASURED, False)}


def missed(results: Results) -> list[str]:
    return [one.measured for one in verdicts(results) if not one.is_met]


def test_each_bar_is_missed_on_its_own(results: Results) -> None:
    memory = [run | {"peak_bytes": BARS.peak_bytes + MEGABYTE} for run in results.memory]
    assert missed(replace(results, memory=memory)) == ["1,075 MB (long stream)"]
    hungry = [one | {"peak_bytes": 2 * BARS.peak_bytes} for one in results.samples]
    assert missed(replace(results, samples=hungry)) == ["2,147 MB (order flow)"]
    growing = [*results.memory[:-1], results.memory[-1] | {"peak_bytes": 500 * MEGABYTE}]
    assert missed(replace(results, memory=growing)) == ["× 1.25"]
    cold = [start | {"seconds": 11.0 if start["is_cold"] else 0.5} for start in results.starts]
    assert missed(replace(results, starts=cold)) == ["11.00 s"]
    warm = [start | {"seconds": 1.0} for start in results.starts]
    assert missed(replace(results, starts=warm)) == ["1.00 s"]
    slower = [
        one | {"seconds": one["seconds"] * 1.2} if one["contestant"] == SCANNER_2 else one for one in results.samples
    ]
    assert missed(replace(results, samples=slower)) == ["× 1.67"]
    quicker = [
        one | {"seconds": one["seconds"] / 2} if one["contestant"] in (SIMPLEFIX, POLARS, POLARS_TABLE) else one
        for one in results.samples
    ]
    assert missed(replace(results, samples=quicker)) == ["× 50.0", "× 10.0", "× 10.0"]
    helped = {"small": {SCANNER_1: results.agreement["small"][SCANNER_1] | {"by_scanner": 98}}}
    assert missed(replace(results, agreement=helped)) == ["98.0% (order flow)"]


# ---- who may be timed ----


def test_a_contestant_that_cannot_run_is_objected_to() -> None:
    assert list(objections_to(CONTESTANTS[SCANNER_1], "small", {"error": "no such decoder"})) == [
        "cannot run: no such decoder"
    ]


def test_a_scanner_that_read_nothing_itself_is_objected_to() -> None:
    answer = {"rows": {"messages": 9}, "differs": {}, "by_scanner": 0, "unaccounted_bytes": 0}
    assert list(objections_to(CONTESTANTS[SCANNER_1], "small", answer)) == ["no message was read by the scanner"]


def test_only_undeclared_differences_of_others_are_objected_to() -> None:
    naive = CONTESTANTS["split-pandas"]
    assert list(objections_to(naive, "small", {"cells": 28, "differs": {"58": 1}})) == []
    assert list(objections_to(naive, "small", {"cells": 28, "differs": {"58": 1, "44": 2}})) == [
        "differs from us in tags not declared: {'44': 2}"
    ]


def test_any_difference_of_ours_is_objected_to() -> None:
    answer = {"rows": {"messages": 1}, "differs": {"messages.price": 1}, "by_scanner": 1, "unaccounted_bytes": 3}
    assert len(list(objections_to(CONTESTANTS[SCANNER_1], "dirty", answer))) == 2


def test_a_contestant_that_would_take_too_long_reads_a_smaller_tier() -> None:
    tiers = {tier: Stored("", size * MEGABYTE, 1) for tier, size in {"whole": 100, "middle": 20, "slow": 2}.items()}
    for seconds, tier in (
        (0.0, "whole"),
        (0.3, "whole"),
        (0.31, "middle"),
        (1.5, "middle"),
        (1.51, "slow"),
        (99, "slow"),
    ):
        assert tier_of(CONTESTANTS[SCANNER_1], tiers, {"seconds": seconds}) == tier
    assert tier_of(CONTESTANTS[SIMPLEFIX], tiers, {"seconds": 0.1}) == "slow"
    assert tier_of(CONTESTANTS[POLARS], tiers, {}) == "middle"


# ---- processes ----


def test_a_process_that_fails_answers_with_its_error() -> None:
    answer = processes.run_task("measure", SIMPLEFIX, "/there/is/no/such/file", "/nor/this", threads=1)
    assert answer.keys() == {"error"}
    assert answer["error"].startswith("FileNotFoundError")


def test_a_process_tells_its_figures(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    log.write_bytes(b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01\n")
    answer = processes.run_task("measure", SIMPLEFIX, str(log), str(log), threads=1)
    assert answer["messages"] == 1
    assert answer["seconds"] > 0
    assert answer["peak_bytes"] > MEGABYTE


def test_a_start_shows_its_first_rows(tmp_path: Path) -> None:
    log = tmp_path / "one.log"
    log.write_bytes(b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01\n")
    for start in (processes.start_library, processes.start_command):
        done = start(log, tmp_path / "compiled", "auto")
        assert (done.error, done.seconds > 0, done.cpu_seconds > 0) == (None, True, True)
    missing = processes.start_library(tmp_path / "none.log", tmp_path / "compiled", "auto")
    assert (missing.error or "").startswith("FileNotFoundError")


COMPILER = """
import fcntl, sys, time
with open(sys.argv[1], "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("compiling", flush=True)
    time.sleep(0.3)
    open(sys.argv[2], "w").close()
"""


def test_compiling_is_over_when_its_lock_is_free(tmp_path: Path) -> None:
    assert not processes.was_compiled(tmp_path)
    lock, code = tmp_path / "compiling.lock", tmp_path / "scan.nbc"
    command = [sys.executable, "-c", COMPILER, str(lock), str(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as compiler:
        assert compiler.stdout is not None
        assert compiler.stdout.readline() == b"compiling\n"
        assert processes.was_compiled(tmp_path)
        assert code.exists()
    code.unlink()
    assert not processes.was_compiled(tmp_path)


def test_a_child_sees_none_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIXLAKE_DECODER", "simplefix")
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    seen = processes.environment(None)
    assert "FIXLAKE_DECODER" not in seen
    assert "POLARS_MAX_THREADS" not in seen
    assert processes.environment(1)["POLARS_MAX_THREADS"] == "1"


def test_the_peak_of_a_process_grows_with_what_it_holds() -> None:
    before = peak_bytes()
    held = bytearray(b"x") * (before + 50 * MEGABYTE)
    assert peak_bytes() >= len(held)


# ---- profile ----


def test_a_sample_is_attributed_to_the_line_of_ours_that_was_running(tmp_path: Path) -> None:
    folder = tmp_path / "fix_transforms" / "fix" / "scanner"
    folder.mkdir(parents=True)
    source = "def spin(until, now):\n    while now() < until:\n        pass\n"
    path = folder / "passes.py"
    path.write_text(source, encoding="utf-8")
    scope: dict[str, Any] = {}
    exec(compile(source, str(path), "exec"), scope)
    with Sampler() as sampler:
        scope["spin"](time.perf_counter() + 0.1, time.perf_counter)
    lines = sampler.lines()
    assert {(module, function) for module, function, _, _ in lines} == {("scanner/passes", "spin")}
    assert {line for _, _, line, _ in lines} <= {2, 3}
    assert 0 < sum(seconds for *_, seconds in lines) <= sampler.seconds


def test_a_line_is_of_its_function_or_module_or_folder() -> None:
    assert stage_of("scanner/blocks", "_pass") == "compiled pass"
    assert stage_of("scanner/blocks", "scan") == "around the pass"
    assert stage_of("profiles/detected", "direction") == "clocks and directions"
    assert stage_of("scanner/unheard_of", "scan") == "scanner/unheard_of"


def test_shares_of_a_profile_add_up(results: Results) -> None:
    assert by_stage(results.profiles[0]) == [("compiled pass", 0.75), ("framing", 0.25)]
    assert by_function(results.profiles[0], 1) == [("scanner.passes.scan", 0.75)]
    assert by_stage({"lines": []}) == []


# ---- the page ----


def test_the_page_shows_every_measured_contestant_with_its_figures(results: Results) -> None:
    row = next(line for line in page(results).splitlines() if line.startswith("| ours, scanner, 2 threads | 2 "))
    assert "1,600,000 | 400 | 400 | × 200 (200 to 200) | × 40 (40 to 40)" in row


def test_the_page_says_when_it_proves_nothing(results: Results) -> None:
    assert "Not to be quoted" not in page(results)
    busy = replace(results, machine=MACHINE | {"load_before": 3.0})
    small = replace(results, plan={"scale": 0.1})
    wrong = replace(results, errors=["small, scanner-1: cannot run"])
    for doubtful, words in ((busy, "busy"), (small, "0.1"), (wrong, "Error: small, scanner-1: cannot run")):
        assert re.search(rf"\*\*Not to be quoted:\*\*\n\n- .*{words}", page(doubtful))


def test_the_page_says_how_long_compiling_took(results: Results) -> None:
    assert results.compiled_seconds == Spread(median=24.0, least=20.0, most=36.0)
    assert "nobody waits for: 24.0 s (20.0 to 36.0)" in page(results)
    assert "nobody waits for" not in page(replace(results, starts=[]))


def test_a_contestant_that_failed_is_on_the_page(results: Results) -> None:
    lines = page(results).splitlines()
    assert any(line.startswith("| DuckDB, regexp_extract per tag | all | failed, see above |") for line in lines)


def test_plots_are_the_same_bytes_for_the_same_results(results: Results, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in draw(results, tmp_path / "a")}
    second = {path.name: path.read_bytes() for path in draw(results, tmp_path / "b")}
    assert first == second
    assert {f"benchmarks/{name}" for name in first} == set(
        re.findall(r"\]\((benchmarks/[a-z-]+\.svg)\)", page(results))
    )


def test_plots_of_nothing_say_so(results: Results, tmp_path: Path) -> None:
    empty = replace(results, samples=[], memory=[], profiles=[])
    assert all(b"not measured" in path.read_bytes() for path in draw(empty, tmp_path))


@pytest.mark.benchmark
@pytest.mark.timeout(900)
def test_a_small_run_measures_everyone_and_writes_the_page(tmp_path: Path) -> None:
    from fixbench.__main__ import main

    arguments = ["--scale", "0.01", "--rounds", "1", "--data", "small", "dirty", "--without-starts"]
    assert main([*arguments, "--out", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 0
    results = Results.load(tmp_path / "benchmarks" / "results.json")
    measured = {(one["data"], one["contestant"]) for one in results.samples}
    assert measured == {(data, name) for data in ("small", "dirty") for name in CONTESTANTS}
    assert (tmp_path / "benchmarks.md").read_text(encoding="utf-8") == page(results)
