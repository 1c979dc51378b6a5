"""The whole run: generate, compare, then time in interleaved rounds, one process at a time.

Invariant: whoever does not agree with the reference decoder is not timed, and is an error of the run, unless the
difference is declared in ``contestants``. So is whoever cannot run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixbench import processes
from fixbench.contestants import CONTESTANTS, REFERENCE, SCANNER_1, SCANNER_2, Contestant
from fixbench.datasets import DATA_SETS, Stored, store
from fixbench.machine import code_hash, describe
from fixbench.plan import COLD_BYTES, LONGEST_SECONDS, READ_BEFORE, START_RUNS, Plan, Tier
from fixbench.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Data sets whose profile is taken, and of whom.
_PROFILED = (SCANNER_1, REFERENCE)

Files = dict[str, dict[Tier, Stored]]


def benchmark(plan: Plan, folder: Path) -> Results:
    """Run everything.

    Args:
        plan: How much of what.
        folder: Where the data sets are kept between runs.
    """
    begun = time.monotonic()
    machine, code = describe(), code_hash()
    _say(f"data sets in {folder}")
    files = store(plan, folder)
    data = {name: {str(tier): asdict(stored) for tier, stored in tiers.items()} for name, tiers in files.items()}
    for tiers in data.values():
        for stored in tiers.values():
            del stored["path"]
    results = Results(machine, asdict(plan), data)
    with tempfile.TemporaryDirectory(prefix="fixbench-") as scratch:
        agreed = _agree(results, files, Path(scratch))
        _measure(results, plan, files, agreed)
        if plan.has_starts:
            _starts(results, files, Path(scratch))
        _memory(results, plan, files)
        _profiles(results, files, agreed)
    if code_hash() != code:
        results.errors.append("the code of the parser changed while it was being measured")
    results.seconds = round(time.monotonic() - begun, 1)
    return results


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _ask(task: str, contestant: Contestant, *arguments: str) -> dict[str, Any]:
    return processes.run_task(task, contestant.name, *arguments, threads=contestant.threads)


# ---- agreement ----


def _agree(results: Results, files: Files, scratch: Path) -> dict[str, list[Contestant]]:
    """Who may be timed on which data set."""
    agreed: dict[str, list[Contestant]] = {}
    for name, tiers in files.items():
        results.agreement[name] = answers = {}
        agreed[name] = []
        for contestant in _reference_first():
            if contestant.columns is not None and not DATA_SETS[name].is_clean:
                agreed[name].append(contestant)  # what it finds in dirty logs is counted, not compared
                continue
            answer = answers[contestant.name] = _ask(
                "agree", contestant, tiers["slow"].path, tiers["warm-up"].path, str(scratch)
            )
            objections = list(objections_to(contestant, name, answer))
            results.errors.extend(f"{name}, {contestant.name}: {objection}" for objection in objections)
            if not objections:
                agreed[name].append(contestant)
        _say(f"{name}: {len(agreed[name])} of {len(CONTESTANTS)} contestants agree or differ as declared")
    return agreed


def _reference_first() -> Iterable[Contestant]:
    yield CONTESTANTS[REFERENCE]
    yield from (contestant for contestant in CONTESTANTS.values() if contestant.name != REFERENCE)


def objections_to(contestant: Contestant, data: str, answer: dict[str, Any]) -> Iterable[str]:
    """Why what a contestant found is not what it should have."""
    if "error" in answer:
        yield f"cannot run: {answer['error']}"
        return
    differs = answer.get("differs", {})
    if contestant.decoder is not None:
        if differs:
            yield f"differs from the reference decoder in {differs}"
        if answer.get("by_scanner") == 0:
            yield "no message was read by the scanner"
        if answer.get("unaccounted_bytes"):
            yield f"{answer['unaccounted_bytes']} bytes unaccounted for"
        return
    undeclared = {tag: count for tag, count in differs.items() if int(tag) not in contestant.differs.get(data, ())}
    if undeclared:
        yield f"differs from us in tags not declared: {undeclared}"


# ---- rates ----


def tier_of(contestant: Contestant, tiers: dict[Tier, Stored], answer: dict[str, Any]) -> Tier:
    """The tier that a contestant is meant to read, or a smaller one if that would take too long.

    Args:
        contestant: Who.
        tiers: The files of the data set.
        answer: How long the smallest tier took when it was compared, where it was.
    """
    pace = answer.get("seconds", 0.0) / tiers["slow"].size
    smaller: tuple[Tier, ...] = ("whole", "middle", "slow")
    for tier in smaller[smaller.index(contestant.tier) :]:
        if pace * tiers[tier].size <= LONGEST_SECONDS:
            return tier
    return "slow"


def _measure(results: Results, plan: Plan, files: Files, agreed: dict[str, list[Contestant]]) -> None:
    """Rounds over all data sets and contestants, each round starting with another contestant."""
    for number in range(max((plan.rounds_on(name) for name in files), default=0)):
        for name, tiers in files.items():
            if number >= plan.rounds_on(name):
                continue
            contestants = agreed[name]
            turn = number % len(contestants) if contestants else 0
            for contestant in (*contestants[turn:], *contestants[:turn]):
                _measure_one(results, number, name, tiers, contestant)
        _say(f"round {number + 1} done")


def _measure_one(results: Results, number: int, data: str, tiers: dict[Tier, Stored], contestant: Contestant) -> None:
    tier = tier_of(contestant, tiers, results.agreement[data].get(contestant.name, {}))
    sample = {"data": data, "round": number, "contestant": contestant.name, "tier": tier}
    answer = _ask("measure", contestant, tiers[tier].path, tiers[READ_BEFORE[tier]].path)
    expected_stop = contestant.stops_on.get(data)
    if "error" in answer and expected_stop is not None:
        answer = {"stopped": expected_stop}
    elif "error" in answer:
        results.errors.append(f"{data}, {contestant.name}, round {number + 1}: {answer.pop('error')}")
        return
    elif expected_stop is not None:
        results.errors.append(f"{data}, {contestant.name}: declared to stop, but it does not")
    results.samples.append(sample | answer)


# ---- starts, memory, profiles ----


def _starts(results: Results, files: Files, scratch: Path) -> None:
    """Cold: a cache folder of its own for every run. Warm: the one that was filled behind the run before."""
    tiers = next(iter(files.values()))
    small, large = Path(tiers["warm-up"].path), scratch / "cold.log"
    with Path(tiers["whole"].path).open("rb") as whole:
        content = whole.read(COLD_BYTES)
    large.write_bytes((content * (COLD_BYTES // len(content) + 1))[:COLD_BYTES])
    kinds = {"library": processes.start_library, "command": processes.start_command}
    for kind, start in kinds.items():
        for number in range(START_RUNS[kind]):
            cache = scratch / f"compiled-{kind}-{number}"
            begun = time.monotonic()
            cold = start(large, cache, "auto")
            was_compiled = processes.was_compiled(cache)
            compiled = {"compiled_seconds": time.monotonic() - begun}
            if cold.error is not None or not was_compiled:
                results.errors.append(f"cold start of the {kind}: {cold.error or 'nothing was compiled'}")
                continue
            results.starts.append({"kind": kind, "is_cold": True} | _figures(cold) | compiled)
            warm = start(small, cache, "scanner")
            if warm.error is not None:
                results.errors.append(f"warm start of the {kind}: {warm.error}")
                continue
            results.starts.append({"kind": kind, "is_cold": False} | _figures(warm))
    _say("starts done")


def _figures(start: processes.Start) -> dict[str, float]:
    return {"seconds": start.seconds, "cpu_seconds": start.cpu_seconds}


def _memory(results: Results, plan: Plan, files: Files) -> None:
    """The peak of our parser on streams of growing size, on order flow or whatever data there is."""
    whole = next(iter(files.values()))["whole"]
    for name in (SCANNER_1, SCANNER_2):
        for size in plan.memory_sizes:
            answer = _ask("memory", CONTESTANTS[name], whole.path, str(size))
            if "error" in answer:
                results.errors.append(f"memory of {name} on {size} bytes: {answer['error']}")
            else:
                results.memory.append({"contestant": name, "size": size} | answer)
    _say("memory done")


def _profiles(results: Results, files: Files, agreed: dict[str, list[Contestant]]) -> None:
    for name, tiers in files.items():
        for contestant in agreed[name]:
            if contestant.name not in _PROFILED:
                continue
            tier = tier_of(contestant, tiers, results.agreement[name][contestant.name])
            answer = _ask("profile", contestant, tiers[tier].path, tiers["warm-up"].path)
            if "error" in answer:
                results.errors.append(f"profile of {contestant.name} on {name}: {answer['error']}")
            else:
                results.profiles.append({"data": name, "contestant": contestant.name} | answer)
    _say("profiles done")
