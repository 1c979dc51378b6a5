"""``python -m fixbench``: measure, and write the report with its plots and every single figure.

Invariant: the exit status is 0 only if nothing went wrong; a bar that is missed is a finding, not an error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from fixbench.plan import MEGABYTES, Plan
from fixbench.results import Results
from fixbench.run import benchmark


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark, or write the report of an earlier run again."""
    parser = argparse.ArgumentParser(prog="fixbench", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on every size")
    parser.add_argument("--rounds", type=int, help="runs of each contestant on each data set")
    parser.add_argument("--data", nargs="+", choices=list(MEGABYTES), default=list(MEGABYTES), help="data sets")
    parser.add_argument("--without-starts", action="store_true", help="do not measure starts, which compile everything")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of benchmarks.md")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "fixlake-bench")
    parser.add_argument("--again", action="store_true", help="write the report of the results that are there")
    chosen = parser.parse_args(arguments)
    kept = chosen.out / "benchmarks" / "results.json"
    if chosen.again:
        results = Results.load(kept)
    else:
        plan = Plan(chosen.scale, data=tuple(chosen.data), rounds=chosen.rounds, has_starts=not chosen.without_starts)
        results = benchmark(plan, chosen.cache)
    # Late, so that the process that measures has started no thread of anybody.
    from fixbench.plots import draw
    from fixbench.report import page

    kept.parent.mkdir(parents=True, exist_ok=True)
    results.write(kept)
    draw(results, kept.parent)
    (chosen.out / "benchmarks.md").write_text(page(results), encoding="utf-8")
    for error in results.errors:
        print(f"error: {error}", file=sys.stderr)
    print(f"{chosen.out / 'benchmarks.md'}: {len(results.errors)} errors", file=sys.stderr)
    return 1 if results.errors else 0


if __name__ == "__main__":
    sys.exit(main())
