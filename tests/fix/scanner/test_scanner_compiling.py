from __future__ import annotations

import subprocess
import sys
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


def test_digest_changes_with_any_source_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    sources = [tmp_path / "masking.py", tmp_path / "profiles" / "words.py"]
    for source in sources:
        source.write_text("SECRET_TAGS = (554,)\n")
    seen = {compiling.digest_of([tmp_path])}
    for source in sources:
        source.write_text("SECRET_TAGS = (554, 925)\n")
        seen.add(compiling.digest_of([tmp_path]))
    sources[1].rename(tmp_path / "profiles" / "names.py")
    seen.add(compiling.digest_of([tmp_path]))
    assert len(seen) == 4
    (tmp_path / "words.pyc").write_bytes(b"")
    assert compiling.digest_of([tmp_path]) in seen


def test_compiled_code_is_made_of_nothing_that_its_digest_leaves_out() -> None:
    program = "import sys, fix_transforms.fix.scanner.passes as p; print(p.scan_block._cache._cache_file._source_stamp, *sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    stamp, *modules = answer.stdout.split()
    ours = {name for name in modules if name.split(".")[0] == "fix_transforms"}
    inside = {name for name in ours if name.startswith(compiling.COMPILED_FROM)}
    assert ours - inside == {"fix_transforms", "fix_transforms.errors"}  # no constants in these
    assert stamp == compiling.sources_digest()
