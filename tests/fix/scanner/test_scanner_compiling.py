from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fix_transforms.fix.scanner import compiling


@pytest.fixture
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr("numba.core.caching.CompileResultCacheImpl.__init__", refuse)


def compiled_pair() -> tuple[Any, Any]:
    def double(number):
        return 2 * number

    inner: Any = compiling.compiled(double)

    def double_and_add(number):
        return inner(number) + 1

    return inner, compiling.entry(double_and_add)


def code_of(function: Any) -> Any:
    (overload,) = function.overloads.values()
    return overload.library


@pytest.mark.usefixtures("nothing_is_kept")
def test_an_inner_function_gets_no_machine_code_of_its_own() -> None:
    inner, outer = compiled_pair()
    assert outer(20) == 41
    assert (code_of(inner)._compiled, code_of(outer)._compiled) == (False, True)


@pytest.mark.usefixtures("nothing_is_kept")
def test_with_a_numba_that_is_built_differently_its_own_way_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_HOOKS", ("_no_such_method",))
    inner, outer = compiled_pair()
    assert outer(20) == 41
    assert (code_of(inner)._compiled, code_of(outer)._compiled) == (True, True)


@pytest.mark.usefixtures("nothing_is_kept")
def test_where_nothing_can_be_kept_functions_are_compiled_all_the_same() -> None:
    _, function = compiled_pair()
    assert (compiling.kept_in(function), compiling.is_at_hand(function)) == (None, False)
    assert function(20) == 41
    assert compiling.is_at_hand(function)


def one_more(number):
    return number + 1


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0, 20])
def test_code_that_a_crash_has_damaged_is_compiled_again(
    ending: str, left: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path))
    assert compiling.entry(one_more)(41) == 42
    assert compiling.is_at_hand(compiling.entry(one_more))
    (damaged,) = tmp_path.rglob(f"*.{ending}")
    damaged.write_bytes(damaged.read_bytes()[:left])
    again: Any = compiling.entry(one_more)
    assert compiling.is_at_hand(again) == (ending == "nbc")
    assert again(41) == 42
    assert sum(again.stats.cache_misses.values()) == 1
    loaded: Any = compiling.entry(one_more)
    assert compiling.is_at_hand(loaded)
    assert loaded(41) == 42
    assert sum(loaded.stats.cache_hits.values()) == 1


def test_what_other_versions_left_is_removed(tmp_path: Path) -> None:
    version = compiling.sources_digest()[:16]
    ours = {f"passes.scan_block-1.py311.{version}.1.nbc", f"passes.scan_block-1.py311.{version}.nbi"}
    theirs = {
        "passes.scan_block-1.py311.1.nbc",
        "passes.scan_block-1.py311.0123.nbi",
        "passes.a-1.py311.0123.nbi.tmp.4",
    }
    others = {"passes.cpython-311.pyc", "compiling.lock"}
    for name in ours | theirs | others:
        (tmp_path / name).touch()
    compiling.drop_other_versions(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == ours | others
