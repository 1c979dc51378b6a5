"""The data sets as files: generated once per seed and size, kept in a folder, the same bytes every time.

Invariant: a file that exists is complete, and was written by the generators as they are now: its name carries a hash
of their source. The file of a smaller tier is a prefix of the whole.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from fixbench import dirty, messages
from fixbench.plan import MEGABYTES, TIER_SHARES, WARM_UP_BYTES, Plan, Tier

import fix_transforms.simulate

Lines = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A kind of log.

    Attributes:
        lines: Its lines, without end, for a seed.
        is_clean: Whether every line is one valid message.
    """

    name: str
    title: str
    description: str
    lines: Lines
    is_clean: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a data set: ``messages`` are its lines with a BeginString."""

    path: str
    size: int
    messages: int


DATA_SETS = {
    data.name: data
    for data in (
        DataSet(
            "small",
            "Order flow",
            "NewOrderSingle and ExecutionReport, FIX.4.4, 28 tags between them",
            messages.small_lines,
        ),
        DataSet("wide", "350 tags", "ExecutionReport of FIX 5.0 SP2 with 350 fields, no groups", messages.wide_lines),
        DataSet(
            "market-data",
            "Market data",
            "snapshots and increments, FIX.4.4, 5 to 50 entries",
            messages.market_data_lines,
        ),
        DataSet(
            "deep",
            "Nested groups",
            "order lists and trade reports, FIX.4.4, parties in allocations in orders: 3 and 4 levels",
            messages.deep_lines,
        ),
        DataSet(
            "dirty",
            "Dirty logs",
            "the simulator's engines mixed: events between messages, two layouts, four spellings of SOH, 3 % of the "
            "messages torn, with a wrong CheckSum or after a line of noise",
            dirty.dirty_lines,
            is_clean=False,
        ),
    )
}
assert DATA_SETS.keys() == MEGABYTES.keys()


def _generation() -> str:
    """What the bytes depend on besides seed and size: the source of the generators."""
    source = hashlib.sha256()
    folder = Path(inspect.getfile(fix_transforms.simulate)).parent
    for path in (*sorted(folder.glob("*.py")), Path(messages.__file__), Path(dirty.__file__)):
        source.update(path.read_bytes())
    return source.hexdigest()[:12]


def write_lines(lines: Iterator[bytes], size: int, path: Path) -> Stored:
    """Write whole lines until a size is reached, at least one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    growing = path.with_suffix(".part")
    written = found = 0
    with growing.open("wb") as file:
        for line in lines:
            file.write(line)
            written += len(line)
            found += b"8=FIX" in line
            if written >= size:
                break
    stored = Stored(str(path), written, found)
    growing.replace(path)
    path.with_suffix(".json").write_text(json.dumps(asdict(stored)), encoding="utf-8")
    return stored


def prefix_of(whole: Stored, size: int, path: Path) -> Stored:
    """The first lines of a file as a file of its own."""
    with Path(whole.path).open("rb") as file:
        return write_lines(iter(file), size, path)


def store(plan: Plan, folder: Path) -> dict[str, dict[Tier, Stored]]:
    """Every data set of the plan in every tier, generated where it is not there yet."""
    generation = _generation()
    return {name: _tiers(DATA_SETS[name], plan, folder / f"{name}-{plan.seed}-{generation}") for name in plan.data}


def _tiers(data: DataSet, plan: Plan, stem: Path) -> dict[Tier, Stored]:
    size = plan.size_of(data.name)
    tiers: dict[Tier, Stored] = {}
    for tier, share in TIER_SHARES.items():
        path = stem.with_name(f"{stem.name}-{size}-{tier}.log")
        if path.exists() and path.with_suffix(".json").exists():
            tiers[tier] = Stored(**json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        elif tier == "whole":
            tiers[tier] = write_lines(data.lines(plan.seed), size, path)
        else:
            tiers[tier] = prefix_of(tiers["whole"], int(size * share) or min(size, WARM_UP_BYTES), path)
    return tiers
