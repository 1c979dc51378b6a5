"""The report: one page of Markdown made from the results.

Invariant: every figure on the page comes from the results; the page says itself when they prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fixbench.bars import verdicts
from fixbench.columns import TABLE_TAGS
from fixbench.contestants import CONTESTANTS, POLARS, REFERENCE, SCANNER_1, SCANNER_2, SIMPLEFIX, Contestant
from fixbench.datasets import DATA_SETS
from fixbench.plan import BARS, COLD_BYTES, MEGABYTE, WARM_UP_BYTES
from fixbench.stages import by_function, by_stage

if TYPE_CHECKING:
    from fixbench.results import Results, Spread

#: A machine with more runnable processes than this before the start was busy with something else.
_BUSY_LOAD = 0.5
_FUNCTIONS_SHOWN = 8


def page(results: Results) -> str:
    """The whole page."""
    parts = (
        _head(results),
        _bars(results),
        _machine(results),
        _throughput(results),
        _agreement(results),
        _starts(results),
        _memory(results),
        _profile(results),
        _method(results),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], right: int = 1) -> Iterator[str]:
    """A table whose columns from ``right`` on hold figures."""
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"|{'|'.join('---' if index < right else '--:' for index in range(len(names)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _figure(value: float) -> str:
    """Three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _times(ratio: Spread | None) -> str:
    if ratio is None:
        return "–"
    return f"× {_figure(ratio.median)} ({_figure(ratio.least)} to {_figure(ratio.most)})"


# ---- the sections ----


def _head(results: Results) -> Iterator[str]:
    yield "<!-- Written by `make bench`; run it again instead of editing. -->"
    yield "# Benchmarks"
    yield ""
    yield (
        "How fast logs are read, by this parser and by others, on the same bytes and the same machine, in one run of "
        "`make bench`."
    )
    yield ""
    doubts = []
    if results.plan["scale"] != 1.0:
        doubts.append(f"Sizes are {results.plan['scale']:g} of the usual.")
    if results.machine["load_before"] > _BUSY_LOAD:
        doubts.append(
            f"The machine was busy before the first measurement (load {results.machine['load_before']}): figures are noisy."
        )
    doubts.extend(f"Error: {error}" for error in results.errors)
    if doubts:
        yield "**Not to be quoted:**"
        yield ""
        yield from (f"- {doubt}" for doubt in doubts)
        yield ""


def _bars(results: Results) -> Iterator[str]:
    yield "## Bars"
    yield ""
    rows = [(one.what, one.bar, one.measured, "yes" if one.is_met else "**no**") for one in verdicts(results)]
    yield from _table(("what", "bar", "measured", "met"), rows)


def _machine(results: Results) -> Iterator[str]:
    machine = results.machine
    memory = f", {machine['memory_bytes'] / 1e9:.0f} GB" if machine["memory_bytes"] else ""
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    yield "## Machine"
    yield ""
    yield f"{machine['cpu']}, {machine['cores']} cores{memory}; {machine['system']}; {machine['python']}; {packages}."
    yield f"Measured {machine['date']} in {results.seconds / 60:.0f} minutes; load before: {machine['load_before']}; code of the parser: {machine['code']}."
    yield ""


def _threads(contestant: Contestant) -> str:
    return "all" if contestant.threads is None else str(contestant.threads)


def _throughput(results: Results) -> Iterator[str]:
    yield "## Throughput"
    yield ""
    yield "![Megabytes per second of each contestant on order flow; the table below has the figures]" + (
        "(benchmarks/throughput.svg)"
    )
    yield ""
    yield "![Megabytes per second of each contestant on every data set](benchmarks/data-sets.svg)"
    yield ""
    for data in results.data:
        yield f"### {DATA_SETS[data].title}"
        yield ""
        whole = results.data[data]["whole"]
        size = whole["size"] / max(1, whole["messages"])
        yield f"{DATA_SETS[data].description[0].upper()}{DATA_SETS[data].description[1:]}; {size:,.0f} bytes a message."
        yield ""
        head = (
            "contestant",
            "threads",
            "messages/s",
            "MB/s",
            "best MB/s",
            "to simplefix",
            "to Polars",
            "cores used",
            "peak memory",
            "read",
        )
        yield from _table(head, (_row(results, data, one) for one in CONTESTANTS.values()))


def _row(results: Results, data: str, contestant: Contestant) -> tuple[str, ...]:
    name = contestant.name
    rate, messages = results.megabytes_per_second(data, name), results.messages_per_second(data, name)
    if rate is None or messages is None:
        stopped = any(one["data"] == data and one["contestant"] == name and "stopped" in one for one in results.samples)
        why = contestant.stops_on[data] if stopped else "failed, see above"
        return (contestant.title, _threads(contestant), why, *["–"] * 7)
    return (
        contestant.title,
        _threads(contestant),
        f"{messages.median:,.0f}",
        _figure(rate.median),
        _figure(rate.most),
        _times(results.ratio(data, name, SIMPLEFIX)),
        _times(results.ratio(data, name, POLARS)),
        f"{results.cores_used(data, name):.2f}",
        f"{(results.peak_bytes(data, name) or 0) / MEGABYTE:,.0f} MB",
        f"{results.share_read(data, name):.1%}",
    )


def _agreement(results: Results) -> Iterator[str]:
    yield "## Do they read the same?"
    yield ""
    yield (
        "Compared before anything was timed, on the part of each data set that the slowest read. Our decoders: every "
        "cell of all tables against the reference decoder, simplefix. The others: the tags of clean data that they extract against our typed "
        "columns."
    )
    yield ""
    rows = []
    for data, answers in results.agreement.items():
        for name, answer in answers.items():
            if name != REFERENCE:
                rows.append(
                    (DATA_SETS[data].title, CONTESTANTS[name].title, *_difference(CONTESTANTS[name], data, answer))
                )
    yield from _table(("data", "contestant", "compared", "different", "why"), rows, right=9)


def _difference(contestant: Contestant, data: str, answer: dict[str, object]) -> tuple[str, str, str]:
    if "error" in answer:
        return "–", "–", f"error: {answer['error']}"
    differs = answer["differs"]
    assert isinstance(differs, dict)
    count = f"{sum(differs.values()):,} cells" if differs else "nothing"
    if contestant.decoder is not None:
        rows = answer["rows"]
        assert isinstance(rows, dict)
        share = f"the scanner itself read {answer['by_scanner']:,} of {rows['messages']:,} messages"
        return f"{sum(rows.values()):,} rows", f"{count}{_where(differs)}", share
    why = contestant.reason if differs else ""
    return f"{answer['cells']:,} cells", f"{count}{_where(differs)}", why


def _where(differs: dict[str, int]) -> str:
    return f" in {', '.join(differs)}" if differs else ""


def _starts(results: Results) -> Iterator[str]:
    yield "## Start"
    yield ""
    yield (
        f"From the start of a process to its end, having shown the first rows. Cold: the folder of compiled code is empty, "
        f"as after an installation, and {COLD_BYTES / MEGABYTE:.0f} MB are read as by default, which is by the reference "
        "decoder until the scanner has been compiled in the background. Warm: it has been, and the scanner reads "
        f"{WARM_UP_BYTES / 1000:.0f} kB."
    )
    yield ""
    kinds = {"library": "Python: import, parse, first rows", "command": "`fixlake parse --limit 1`"}
    rows = []
    for kind, title in kinds.items():
        shown = []
        for is_cold in (True, False):
            wall = results.start_seconds(kind, is_cold=is_cold)
            cpu = results.start_seconds(kind, is_cold=is_cold, clock="cpu_seconds")
            shown += [f"{wall.median:.2f} s ({wall.least:.2f} to {wall.most:.2f})" if wall else "–"]
            shown += [f"{cpu.median:.2f} s" if cpu else "–"]
        rows.append((title, *shown))
    yield from _table(("what", "cold", "processor time", "warm", "processor time"), rows)
    compiled = results.compiled_seconds
    if compiled is not None:
        yield (
            f"Compiling, which nobody waits for: {compiled.median:.1f} s ({compiled.least:.1f} to {compiled.most:.1f}) from "
            "the start of the first process until the code was there."
        )
        yield ""


def _memory(results: Results) -> Iterator[str]:
    yield "## Memory"
    yield ""
    yield (
        "Most memory that a process had resident while it parsed streams of growing length, the rows of a chunk being "
        "dropped once the next is asked for, as when they are written to a lake."
    )
    yield ""
    yield "![Peak memory against the length of the stream; the table below has the figures](benchmarks/memory.svg)"
    yield ""
    if not results.memory:
        yield "Not measured."
        yield ""
        return
    sizes = sorted({run["size"] for run in results.memory})
    rows = []
    for name in (SCANNER_1, SCANNER_2):
        peaks = dict(results.peaks(name))
        rows.append(
            (
                CONTESTANTS[name].title,
                *(f"{peaks[size] / MEGABYTE:,.0f} MB" if size in peaks else "–" for size in sizes),
            )
        )
    yield from _table(("parser", *(f"{size / MEGABYTE:,.0f} MB" for size in sizes)), rows)


def _profile(results: Results) -> Iterator[str]:
    yield "## What bounds it"
    yield ""
    yield (
        "Share of the time by part of the parser, sampled every millisecond; a part includes the compiled and foreign "
        "code that it calls (Polars, regular expressions)."
    )
    yield ""
    yield "![Share of the time by part of the parser](benchmarks/profile.svg)"
    yield ""
    rows = [
        (
            DATA_SETS[profile["data"]].title,
            CONTESTANTS[profile["contestant"]].title,
            ", ".join(f"{stage} {share:.0%}" for stage, share in by_stage(profile) if share >= 0.01),
        )
        for profile in results.profiles
    ]
    yield from _table(("data", "parser", "parts"), rows, right=9)
    yield from _budget(results)
    for profile in results.profiles:
        if profile["data"] == next(iter(results.data)):
            yield f"The functions in front on {DATA_SETS[profile['data']].title.lower()}, {CONTESTANTS[profile['contestant']].title}:"
            yield ""
            shares = by_function(profile, _FUNCTIONS_SHOWN)
            yield from _table(("function", "share"), ((f"`{name}`", f"{share:.0%}") for name, share in shares))


def _budget(results: Results) -> Iterator[str]:
    """What a message costs, beside what the bar to Polars would leave for it."""
    data = next(iter(results.data))
    ours, polars = (results.messages_per_second(data, name) for name in (SCANNER_1, POLARS))
    stages = [
        dict(by_stage(profile))
        for profile in results.profiles
        if (profile["data"], profile["contestant"]) == (data, SCANNER_1)
    ]
    if ours is None or polars is None or not stages:
        return
    whole, left = 1e6 / ours.median, 1e6 / (polars.median * BARS.to_polars)
    yield (
        f"A message of {DATA_SETS[data].title.lower()} takes {whole:.2f} µs on one thread, of which "
        f"{whole * stages[0].get('compiled pass', 0.0):.2f} µs in the compiled pass: that writes some 24 values of 16 bytes into as "
        "many columns, about twice the bytes that it reads. Reading the file, copying it once and making frames takes the rest. "
        f"{BARS.to_polars:g} times the rate of Polars' regular expressions, which leave text in memory, is {left:.2f} µs for everything."
    )
    yield ""


def _method(results: Results) -> Iterator[str]:
    rounds = sorted({(sample["data"], sample["round"]) for sample in results.samples})
    most = max((number + 1 for _, number in rounds), default=0)
    yield "## How it is measured"
    yield ""
    yield from (
        "- One parent starts every measurement in a fresh process, one at a time, in rounds over all contestants, each "
        f"round beginning with another one; up to {most} rounds. Rates are medians, ratios are taken within a round and "
        "given with the least and the most.",
        "- The data is generated from a fixed seed. A slow contestant reads the beginning of what a fast one reads whole. "
        "Before that, each process reads the same, or less if it is slow, which is not timed: code and memory are there "
        "then, which have figures of their own above. Reading the file from the system's cache is timed.",
        "- Ours is all of `parse()`: framing, checksums, every typed column, groups, masking, the account of every byte. "
        "simplefix decodes and drops; the others leave columns of text in memory: the 28 tags of order flow, which they are told "
        f"beforehand, or, in one case, the {len(TABLE_TAGS)} that ours has columns for and fills without being told which occur.",
        "- `read` is the share of the lines with a BeginString that gave a row with a MsgType; torn messages have none to "
        "give, and what is torn or wrong is a row of its own in our quarantine.",
        f"- Memory is the kernel's high-water mark of the process; {BARS.peak_bytes / MEGABYTE:,.0f} MB are 1 GiB.",
        "- `make bench BENCH_SCALE=0.1` runs on a tenth of the data; "
        "[results.json](benchmarks/results.json) holds every single measurement.",
    )
