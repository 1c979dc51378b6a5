"""The whole simulation: how many messages on which date in which session, and where the files go.

Invariant: the same arguments give byte-identical files and truth; our side logs exactly ``messages`` messages. Only one
session of one date is in memory at a time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fix_transforms.errors import SettingsError, StorageError
from fix_transforms.simulate.day import SessionRun, run_session
from fix_transforms.simulate.profiles import PROFILES, SessionProfile
from fix_transforms.simulate.trading_days import trading_dates
from fix_transforms.simulate.truth import Truth, TruthFile

#: Messages that make another session worth having.
_SESSION_WORTH = 150

#: Messages a day once there is more than a week of them.
_DAY = 40_000


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation that can be run any number of times, always with the same outcome.

    Attributes:
        messages: Messages for our side to log, exactly.
        seed: Chooses one of many stories.
        damage: Share of message lines to damage: torn, wrong CheckSum, or preceded by noise.
        both_sides: Whether every counterparty's log of the same messages is written too, clean.
    """

    messages: int
    seed: int
    damage: float = 0.0
    both_sides: bool = False

    def runs(self) -> Iterator[SessionRun]:
        """Run every session of every date, in order of date."""
        profiles = PROFILES[: max(1, min(len(PROFILES), self.messages // _SESSION_WORTH))]
        numbers = {profile.name: {"in": 1, "out": 1} for profile in profiles}
        previous: date | None = None
        for trading_date, day_budget in _days(self.messages, self.seed):
            is_new_week = previous is None or trading_date.isocalendar()[:2] != previous.isocalendar()[:2]
            previous = trading_date
            for profile, budget in _shares(profiles, day_budget):
                if profile.reset != "weekly" or is_new_week:
                    numbers[profile.name] = {"in": 1, "out": 1}
                number = numbers[profile.name]
                run = run_session(
                    profile, trading_date, budget, self.seed, self.damage, number, both_sides=self.both_sides
                )
                numbers[profile.name] = run.next_seq_num
                yield run

    def truth(self) -> Truth:
        """Run the simulation for its truth alone."""
        truth = Truth()
        for run in self.runs():
            truth.extend(run.truth)
        return truth


def simulate(messages: int, seed: int, damage: float = 0.0, *, both_sides: bool = False) -> Simulation:
    """Describe a simulation; nothing runs until it is asked for.

    Raises:
        SettingsError: A number is out of its range.
    """
    if messages < 1:
        raise SettingsError("too few messages", where="messages", got=messages, expected="at least 1")
    if not 0 <= damage <= 1:
        raise SettingsError("not a share", where="dirty", got=damage, expected="between 0 and 1")
    return Simulation(messages, seed, damage, both_sides)


def write(simulation: Simulation, out_dir: Path, truth_path: Path | None = None) -> list[Path]:
    """Run a simulation and write its files: ``<date>/<log>`` under a folder, and the truth beside if wanted.

    The counterparties' logs, if they are simulated, are ``<counterparty>/<date>/<log>``.

    Args:
        simulation: What to run.
        out_dir: Folder for the logs; files of the same name are replaced.
        truth_path: File for the truth, as JSON.

    Returns:
        The log files written, in order of date and session.

    Raises:
        StorageError: A file could not be written.
    """
    paths: list[Path] = []
    if truth_path is None:
        for run in simulation.runs():
            paths.extend(_write_files(run, out_dir))
        return paths
    header = {"messages": simulation.messages, "seed": simulation.seed, "damage": simulation.damage}
    with TruthFile(truth_path, **header) as truth_file:
        for run in simulation.runs():
            paths.extend(_write_files(run, out_dir))
            truth_file.add(run.truth)
    return paths


def _write_files(run: SessionRun, out_dir: Path) -> Iterator[Path]:
    for file in run.files:
        path = out_dir / file.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
        except OSError as error:
            raise StorageError("log could not be written", where=str(path), got=error.strerror) from error
        yield path


# ---- how many messages, when and where ----


def _days(messages: int, seed: int) -> Iterator[tuple[date, int]]:
    """Dates with their messages: one or two dates for a small simulation, a week, then as many as it takes."""
    if messages < 2_000:
        count = 1
    elif messages < 20_000:
        count = 2
    else:
        count = max(5, -(-messages // _DAY))
    rng = random.Random(f"{seed}/days")
    weights = [rng.randint(85, 115) for _ in range(count)]
    yield from zip(trading_dates(), _split(messages, weights), strict=False)


def _shares(profiles: tuple[SessionProfile, ...], messages: int) -> Iterator[tuple[SessionProfile, int]]:
    budgets = _split(messages, [profile.share for profile in profiles])
    yield from zip(profiles, budgets, strict=True)


def _split(total: int, weights: list[int]) -> list[int]:
    """Whole parts in proportion to weights that add up to the total."""
    parts, given, weight_given = [], 0, 0
    for weight in weights:
        weight_given += weight
        upto = total * weight_given // sum(weights)
        parts.append(upto - given)
        given = upto
    return parts
