from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from fix_transforms.errors import BusyError, StorageError
from fix_transforms.lake.landing import LandedObject
from fix_transforms.lake.report import IngestReport
from fix_transforms.workspace import Workspace
from flows import steps
from flows.run_lock import only_run
from flows.run_report import Found, RunReport, Verdict

ORDER = ["poll", "ingest", "validate", "marts_are_behind", "transform", "publish"]


class Snapshot:
    name = "v000001"
    table_versions: ClassVar[dict[str, int]] = {}


ANSWERS: dict[Callable[..., Any], Any] = {
    steps.poll: Found(objects=("an object",), batches=()),
    steps.ingest: IngestReport(files=3, messages=1204, by_status={"ingested": 3}),
    steps.validate: (Verdict("b1", "passed"),),
    steps.marts_are_behind: True,
    steps.transform: "built",
    steps.publish: Snapshot(),
}


@pytest.fixture
def run(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[RunReport, list[str]]]:
    preloads: list[str] = []
    monkeypatch.setattr(steps, "_preload_expectations", lambda: preloads.append("preload"))

    def run(wanted: Any = steps.ALL_STEPS, **answers: Any) -> tuple[RunReport, list[str]]:
        called: list[str] = []

        def perform(step: Callable[..., Any], /, *_args: Any, **_kwargs: Any) -> Any:
            called.append(step.__name__)
            answer = answers.get(step.__name__, ANSWERS[step])
            if isinstance(answer, Exception):
                raise answer
            return answer

        report = steps.run_once(workspace, perform, wanted)
        return report, called + preloads

    return run


def test_steps_follow_one_order(run: Any) -> None:
    report, called = run()
    assert called == [*ORDER, "preload"]
    assert report.ok
    assert report.headline == "ingested 3 files, 1,204 messages, published v000001"


def test_nothing_new_calls_nothing_that_costs(run: Any) -> None:
    report, called = run(poll=Found(), marts_are_behind=False)
    assert called == ["poll", "marts_are_behind"]
    assert (report.ok, report.is_news, report.headline) == (True, False, "nothing new")


def test_batches_left_undecided_by_a_killed_run_are_judged_without_new_files(run: Any) -> None:
    _, called = run(poll=Found(batches=("b0",)))
    assert called == ["poll", "validate", "marts_are_behind", "transform", "publish", "preload"]


def test_marts_left_behind_by_a_killed_run_are_built_without_new_files(run: Any) -> None:
    _, called = run(poll=Found())
    assert called == ["poll", "marts_are_behind", "transform", "publish"]


@pytest.mark.parametrize("step", ORDER)
def test_failed_step_is_reported_and_never_called_success(run: Any, step: str) -> None:
    report, _ = run(**{step: StorageError("store is away", where="s3://bucket")})
    assert not report.ok
    assert [failure.step for failure in report.failures] == [step]
    assert f"{step} failed: s3://bucket: store is away" in report.problems


def test_failed_ingestion_does_not_keep_what_is_committed_from_the_marts(run: Any) -> None:
    _, called = run(ingest=StorageError("store is away"))
    assert called == [*ORDER, "preload"]


def test_marts_that_failed_to_build_are_not_published(run: Any) -> None:
    _, called = run(transform=StorageError("dbt failed"))
    assert "publish" not in called


def test_held_batch_fails_the_run_and_says_why(run: Any) -> None:
    report, _ = run(validate=(Verdict("b1", "passed"), Verdict("b2", "failed", "fix_messages.unique_key failed")))
    assert not report.ok
    assert report.problems == ("batch b2 is held out of the marts (failed): fix_messages.unique_key failed",)
    assert "held 1 batch" in report.headline


@pytest.mark.parametrize(
    ("wanted", "called"),
    [
        ({steps.poll, steps.ingest}, ["poll", "ingest"]),
        ({steps.validate}, ["poll", "validate", "preload"]),
        ({steps.transform}, ["poll", "marts_are_behind", "transform"]),
        ({steps.publish}, ["poll", "publish"]),
    ],
)
def test_part_of_the_steps_keeps_their_order(run: Any, wanted: Any, called: list[str]) -> None:
    assert run(wanted=wanted)[1] == called


def test_bug_is_not_reported_as_a_failed_step(run: Any) -> None:
    with pytest.raises(ZeroDivisionError):
        run(ingest=ZeroDivisionError())


def test_second_run_in_a_home_is_refused_by_name_of_the_first(tmp_path: Path) -> None:
    with (
        only_run(tmp_path / "home"),
        pytest.raises(BusyError, match=r"another run is at work.*process \d+"),
        only_run(tmp_path / "home"),
    ):
        pytest.fail("two runs at once")
    with only_run(tmp_path / "home"):
        pass


def test_poll_of_an_empty_home_finds_nothing(workspace: Workspace) -> None:
    assert steps.poll(workspace) == Found()


def test_poll_finds_what_was_dropped(workspace: Workspace) -> None:
    workspace.landing.path.mkdir(parents=True)
    (workspace.landing.path / "a.log").write_bytes(b"8=FIX.4.4")
    (found,) = steps.poll(workspace).objects
    assert isinstance(found, LandedObject)
    assert found.key == "a.log"
