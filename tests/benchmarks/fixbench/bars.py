"""Whether the results reach what they have to.

Invariant: a bar without a measurement is not met.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixbench.columns import TABLE_TAGS, TAGS
from fixbench.contestants import POLARS, POLARS_TABLE, SCANNER_1, SCANNER_2, SIMPLEFIX
from fixbench.datasets import DATA_SETS
from fixbench.plan import BARS, MEGABYTE

if TYPE_CHECKING:
    from fixbench.results import Results

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bar, and what was measured."""

    what: str
    bar: str
    measured: str
    is_met: bool


def verdicts(results: Results) -> list[Verdict]:
    """Every bar of the plan."""
    return [
        _rate(results, SIMPLEFIX, "simplefix", BARS.to_simplefix),
        _rate(results, POLARS, f"a Polars regex for each of the {len(TAGS)} tags that occur", BARS.to_polars),
        _rate(results, POLARS_TABLE, f"a Polars regex for each of the table's {len(TABLE_TAGS)} tags", BARS.to_polars),
        _peak(results),
        _growth(results),
        _start(results, is_cold=True),
        _start(results, is_cold=False),
        _scaling(results),
        _share(results),
    ]


def _rate(results: Results, other: str, name: str, bar: float) -> Verdict:
    ratio = results.ratio("small", SCANNER_1, other)
    measured = f"× {ratio.median:.1f}" if ratio else NOT_MEASURED
    what = f"Rate on one thread, to {name}, order flow"
    return Verdict(what, f"at least × {bar:g}", measured, ratio is not None and ratio.median >= bar)


def _peak(results: Results) -> Verdict:
    """Over the long streams and every data set: some take more memory than others."""
    scanners = (SCANNER_1, SCANNER_2)
    peaks = [(peak, "long stream") for name in scanners for _, peak in results.peaks(name)]
    for data in results.data:
        found = (results.peak_bytes(data, name) for name in scanners)
        peaks += [(peak, DATA_SETS[data].title.lower()) for peak in found if peak is not None]
    most, where = max(peaks, default=(0, ""))
    measured = f"{most / MEGABYTE:,.0f} MB ({where})" if peaks else NOT_MEASURED
    bar = f"at most {BARS.peak_bytes / MEGABYTE:,.0f} MB"
    return Verdict("Peak memory of the parser", bar, measured, bool(peaks) and most <= BARS.peak_bytes)


def _growth(results: Results) -> Verdict:
    growths = [peaks[-1][1] / peaks[-2][1] for name in (SCANNER_1, SCANNER_2) if len(peaks := results.peaks(name)) > 1]
    measured = f"× {max(growths):.2f}" if growths else NOT_MEASURED
    what = "Growth of that peak when the file is four times as long"
    return Verdict(
        what, f"at most × {BARS.peak_growth:.2f}", measured, bool(growths) and max(growths) <= BARS.peak_growth
    )


def _start(results: Results, *, is_cold: bool) -> Verdict:
    bar = BARS.cold_seconds if is_cold else BARS.warm_seconds
    seconds = results.start_seconds("library", is_cold=is_cold)
    what = "First rows, nothing compiled yet" if is_cold else "First rows, compiled code cached"
    measured = f"{seconds.median:.2f} s" if seconds else NOT_MEASURED
    return Verdict(what, f"less than {bar:g} s", measured, seconds is not None and seconds.median < bar)


def _scaling(results: Results) -> Verdict:
    ratio = results.ratio("small", SCANNER_2, SCANNER_1)
    measured = f"× {ratio.median:.2f}" if ratio else NOT_MEASURED
    is_met = ratio is not None and ratio.median >= BARS.scaling
    return Verdict("Gain of the second thread, order flow", f"at least × {BARS.scaling:g}", measured, is_met)


def _share(results: Results) -> Verdict:
    shares = {}
    for data, answers in results.agreement.items():
        answer = answers.get(SCANNER_1, {})
        if DATA_SETS[data].is_clean and "by_scanner" in answer:
            shares[data] = answer["by_scanner"] / max(1, answer["rows"]["messages"])
    least = min(shares, key=shares.__getitem__, default=None)
    measured = f"{shares[least]:.1%} ({DATA_SETS[least].title.lower()})" if least is not None else NOT_MEASURED
    is_met = least is not None and shares[least] >= BARS.scanner_share
    what = "Clean messages that the scanner reads itself, least of all data sets"
    return Verdict(what, f"at least {BARS.scanner_share:.0%}", measured, is_met)
