from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from deployments.stack import logs
from deployments.stack.layout import Layout
from deployments.stack.logs import print_logs
from deployments.stack.start import make_folders
from fix_transforms.errors import ServiceError


@pytest.fixture
def layout(make_layout: Callable[..., Layout]) -> Layout:
    made = make_layout()
    make_folders(made)
    made.log("minio").write_text("m1\nm2\nm3\n", encoding="utf-8")
    made.log("postgres").write_text("p1\np2\n", encoding="utf-8")
    return made


def test_one_service_is_printed_as_it_is(layout: Layout) -> None:
    said: list[str] = []
    print_logs(layout, ["minio"], 2, follow=False, say=said.append)
    assert said == ["m2", "m3"]


def test_several_are_told_apart(layout: Layout) -> None:
    said: list[str] = []
    print_logs(layout, [], 1, follow=False, say=said.append)
    assert said == ["minio          | m3", "postgres       | p2"]


def test_unknown_service_is_refused_with_those_there_are(layout: Layout) -> None:
    with pytest.raises(ServiceError, match=r"no such service; got mino; expected minio, .*supervisor"):
        print_logs(layout, ["mino"], 1, follow=False, say=print)


def test_what_is_added_is_followed_beyond_a_rotation(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    log, said = layout.log("minio"), list[str]()

    def rounds() -> Iterator[None]:
        with log.open("a", encoding="utf-8") as file:
            file.write("m4\nhalf a")
        yield
        with log.open("a", encoding="utf-8") as file:
            file.write(" line\n")
        yield
        log.rename(log.with_suffix(".log.1"))
        log.write_text("new\n", encoding="utf-8")
        yield

    following = rounds()

    def next_round(_: float) -> None:
        try:
            next(following)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(logs.time, "sleep", next_round)
    with pytest.raises(KeyboardInterrupt):
        print_logs(layout, ["minio"], 0, follow=True, say=said.append)
    assert said == ["m4", "half a line", "new"]
