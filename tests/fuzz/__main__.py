"""``python -m tests.fuzz``: feed the parser mutated logs and report what came of them; ``make fuzz`` runs it.

Exit status 1 says that an input failed; each such input is written with its options, and ``--replay`` reads it again.
"""

from __future__ import annotations

import argparse
import ast
import multiprocessing
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.fuzz.checking import Outcome, check
from tests.fuzz.units import UNIT_INPUTS, Failure, run_unit

#: Failures after which a run is given up: there will be no more news in the next.
ENOUGH = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many inputs (default: 1,000,000)")
    parser.add_argument("--seed", type=int, default=1, help="another number makes other inputs (default: 1)")
    parser.add_argument("--processes", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-failures"), help="folder for inputs that fail")
    parser.add_argument("--replay", type=Path, help="check one input that failed, and nothing else")
    given = parser.parse_args()
    if given.replay is not None:
        return _replay(given.replay)
    return _run(given.inputs, given.seed, given.processes, given.out)


def _run(inputs: int, seed: int, processes: int, out: Path) -> int:
    units, started = -(-inputs // UNIT_INPUTS), time.monotonic()
    total, failed, told = Outcome(), 0, started
    for outcome, failures in _outcomes(seed, units, processes):
        total.merge(outcome)
        for failure in failures:
            failed += 1
            _keep(failure, out)
        if time.monotonic() - told > 30:
            told = time.monotonic()
            print(f"{total.inputs:,} inputs, {failed} failed, {told - started:,.0f} s", flush=True)
        if failed >= ENOUGH:
            print(f"given up after {failed} failures")
            break
    _report(total, failed, seed, time.monotonic() - started)
    return 1 if failed else 0


def _outcomes(seed: int, units: int, processes: int) -> Iterator[tuple[Outcome, list[Failure]]]:
    if processes == 1:
        yield from map(partial(run_unit, seed), range(units))
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(partial(run_unit, seed), range(units))


def _keep(failure: Failure, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{failure.name}.fix"
    path.write_bytes(failure.content)
    path.with_suffix(".txt").write_text(
        f"{ {'options': failure.options, 'cut': failure.cut}!r}\n\n{failure.error}", encoding="utf-8"
    )
    print(f"FAILED: {path} ({len(failure.content)} bytes): {failure.error.strip().splitlines()[-1][:300]}", flush=True)


def _replay(path: Path) -> int:
    said = path.with_suffix(".txt")
    how = ast.literal_eval(said.read_text(encoding="utf-8").splitlines()[0]) if said.exists() else {}
    check(path.read_bytes(), how.get("options", {}), how.get("cut"))
    print("nothing is wrong with it")
    return 0


def _report(total: Outcome, failed: int, seed: int, seconds: float) -> None:
    print(
        f"\nseed {seed}: {total.inputs:,} inputs in {total.streams:,} streams, {total.content_bytes:,} bytes,"
        f" {seconds:,.0f} s, {failed} failed"
    )
    for kind, count in sorted(total.kinds.items()):
        print(f"  {count:>12,}  {kind}")


if __name__ == "__main__":
    sys.exit(main())
