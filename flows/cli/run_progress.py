"""What a person sees while a run is at work: the step, and how far ingestion has come. On stderr, if it is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from flows import steps

if TYPE_CHECKING:
    from flows.steps import Perform

P = ParamSpec("P")
T = TypeVar("T")

DOING = {
    steps.poll: "looking for new files",
    steps.ingest: "ingesting",
    steps.validate: "validating",
    steps.marts_are_behind: "comparing marts with the lake",
    steps.transform: "building the marts",
    steps.publish: "publishing",
}


@contextmanager
def with_progress() -> Iterator[Perform]:
    """A way to call the steps that shows each while it runs and leaves no trace."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:

        def perform(step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
            bar = bars.add_task(DOING.get(step, step.__name__), total=None)
            call: Callable[..., Any] = step
            extra: dict[str, Any] = {}
            if call is steps.ingest:
                bars.update(bar, total=len(args[1]))  # type: ignore[arg-type]
                extra["progress"] = lambda _key, _status: bars.advance(bar)
            try:
                answer: T = call(*args, **kwargs, **extra)
                return answer
            finally:
                bars.remove_task(bar)

        yield perform
