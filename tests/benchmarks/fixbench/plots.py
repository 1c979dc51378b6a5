"""The plots of the report, as SVG that is the same for the same results.

Invariant: texts stay texts, which readers of screens find. Colours come from a palette that colour-blind readers can tell apart, and never carry a meaning alone:
bars are labelled, lines have markers of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from fixbench.contestants import CONTESTANTS, SCANNER_1, SCANNER_2
from fixbench.datasets import DATA_SETS
from fixbench.plan import BARS, MEGABYTE
from fixbench.stages import by_stage
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

if TYPE_CHECKING:
    from fixbench.results import Results
    from matplotlib.axes import Axes

_OURS, _OTHERS = "#0072B2", "#8C8C8C"
_PALETTE = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#000000",
    "#999999",
    "#882255",
)
_MARKERS = "os^Dv*PXh<"
_PLAIN: dict[Any, Any] = {
    "svg.hashsalt": "fixbench",
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(results: Results, folder: Path) -> list[Path]:
    """Write every plot; one without data says so."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {"throughput": _throughput, "data-sets": _data_sets, "memory": _memory, "profile": _profile}
    paths = []
    with mpl.rc_context(_PLAIN):
        for name, plot in plots.items():
            figure = plot(results)
            path = folder / f"{name}.svg"
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white")
            paths.append(path)
    return paths


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _say_nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not measured", ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()


def _logarithmic(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("MB/s, logarithmic")


def _throughput(results: Results) -> Figure:
    """Bars of the first data set, with the least and the most of the rounds."""
    data = next(iter(results.data))
    rates = [(one, results.megabytes_per_second(data, one.name)) for one in CONTESTANTS.values()]
    figure, axes = _axes(7.5, 3.2)
    shown = [(one, rate) for one, rate in rates if rate is not None]
    if not shown:
        _say_nothing(axes)
        return figure
    for place, (one, rate) in enumerate(reversed(shown)):
        axes.barh(place, rate.median, color=_OURS if one.decoder else _OTHERS, height=0.65)
        axes.plot([rate.least, rate.most], [place, place], color="black", linewidth=1)
        ratio = results.ratio(data, one.name, "simplefix")
        times = f"  (× {ratio.median:.3g} simplefix)" if ratio is not None and one.name != "simplefix" else ""
        axes.text(rate.most * 1.08, place, f"{rate.median:.3g}{times}", va="center")
    axes.set_yticks(range(len(shown)), [one.title for one, _ in reversed(shown)])
    _logarithmic(axes)
    axes.set_xlim(right=max(rate.most for _, rate in shown) * 12)
    axes.set_title(DATA_SETS[data].title, loc="left")
    return figure


def _data_sets(results: Results) -> Figure:
    """A line of markers per data set."""
    figure, axes = _axes(7.5, 3.6)
    names = list(results.data)
    for index, one in enumerate(CONTESTANTS.values()):
        rates = [results.megabytes_per_second(data, one.name) for data in names]
        places = [(rate.median, len(names) - 1 - place) for place, rate in enumerate(rates) if rate is not None]
        if places:
            axes.plot(
                *zip(*places, strict=True), _MARKERS[index], color=_PALETTE[index], label=one.title, markersize=7, markeredgecolor="black", markeredgewidth=0.4,
            )  # fmt: skip
    if not axes.lines:
        _say_nothing(axes)
        return figure
    axes.set_yticks(range(len(names)), [DATA_SETS[name].title for name in reversed(names)])
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.grid(axis="y", color="#DDDDDD")
    _logarithmic(axes)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return figure


def _memory(results: Results) -> Figure:
    figure, axes = _axes(5.5, 2.8)
    for index, name in enumerate((SCANNER_1, SCANNER_2)):
        peaks = results.peaks(name)
        if peaks:
            sizes, tops = ([value / MEGABYTE for value in values] for values in zip(*peaks, strict=True))
            axes.plot(sizes, tops, marker=_MARKERS[index], color=_PALETTE[index], label=CONTESTANTS[name].title)
    if not axes.lines:
        _say_nothing(axes)
        return figure
    axes.axhline(BARS.peak_bytes / MEGABYTE, color="black", linestyle="--", linewidth=1, label="bar: 1 GiB")
    axes.set_ylim(0, max(BARS.peak_bytes / MEGABYTE, axes.get_ylim()[1]) * 1.1)
    axes.set_xlabel("length of the stream, MB")
    axes.set_ylabel("peak memory, MB")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def _profile(results: Results) -> Figure:
    """A stacked bar per profile; parts below a fiftieth are one part."""
    profiles = [(profile, by_stage(profile)) for profile in results.profiles if profile["lines"]]
    figure, axes = _axes(7.5, 1.2 + 0.32 * max(1, len(profiles)))
    if not profiles:
        _say_nothing(axes)
        return figure
    stages = list(dict.fromkeys(stage for _, shares in profiles for stage, share in shares if share >= 0.02))
    styles = {stage: (_PALETTE[index % 8], ("", "///", "...")[index // 8 % 3]) for index, stage in enumerate(stages)}
    for place, (_, shares) in enumerate(reversed(profiles)):
        left = 0.0
        for stage, share in shares:
            if share < 0.02:
                continue
            colour, hatch = styles[stage]
            axes.barh(place, share * 100, left=left, color=colour, hatch=hatch, edgecolor="white", height=0.7)
            left += share * 100
        axes.barh(place, 100 - left, left=left, color="#DDDDDD", height=0.7)
    titles = [
        f"{DATA_SETS[profile['data']].title}, {CONTESTANTS[profile['contestant']].title.removeprefix('ours, ')}"
        for profile, _ in profiles
    ]
    axes.set_yticks(range(len(titles)), titles[::-1])
    axes.set_xlabel("share of the time, %")
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=stage)
        for stage, (colour, hatch) in styles.items()
    ]
    handles.append(Patch(facecolor="#DDDDDD", label="the rest"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    return figure
