"""How this package compiles: once per machine, without the interpreter's lock, without counting references.

Invariant: compiled functions own no memory. They are given arrays and fill them, so numba's reference counts,
which cost more than the work between them, are left out. What is loaded from disk is of these very sources, however
the process ended that put it there.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from llvmlite import binding
from numba import njit
from numba.core import caching, codegen, compiler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from importlib.resources.abc import Traversable

Function = TypeVar("Function", bound="Callable[..., Any]")

#: A machine integer or a flag in compiled code: of fixed width, which a type checker takes for Python's own.
Number: TypeAlias = Any

#: Their declared options leave out those that matter here, or say nothing.
_njit, _caching = cast("Any", njit), cast("Any", caching)
_codegen, _compiler, _llvm = cast("Any", codegen), cast("Any", compiler), cast("Any", binding)
_ALWAYS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
#: The packages whose sources make a difference to compiled code: constants are compiled into it, such as the tags of
#: secrets and the columns of tables.
COMPILED_FROM = ("fix_transforms.fix", "fix_transforms.tables")
#: What reading half a file raises: numba does not wait until the disk has what it writes.
_DAMAGED = (EOFError, UnpicklingError)


class _Kept(_caching.FunctionCache):  # type: ignore[misc,name-defined]
    """Compiled code on disk, under names that hold the digest of all sources.

    numba looks at the file of the function alone, but what it calls is compiled into it. Its own names hold the line
    of the function: a compiler that is killed after the index and before the code would leave an index of this
    version for the code of another.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        name = f"{self._impl.filename_base}.{_version()}"
        self._cache_file = _caching.IndexDataCacheFile(self.cache_path, name, sources_digest())

    def load_overload(self, signature: Any, target: Any) -> Any:
        """As numba does it, but without importing first all that it can compile, which takes longer than loading."""
        try:
            found = self._load_overload(signature, target)
        except _DAMAGED:
            self.flush()
            found = None
        return found if found is not None else super().load_overload(signature, target)

    def has_code_for(self, target: Any) -> bool:
        """Whether there is code for this machine, of any signature: ours have one each."""
        of_machine = self._index_key(None, target.codegen())[1:]
        try:
            kept = self._cache_file._load_index().items()
        except _DAMAGED:
            return False
        return any(key[1:] == of_machine and Path(self.cache_path, name).exists() for key, name in kept)


def entry(function: Function) -> Function:
    """Compile a function that Python calls; the result is kept on disk, where there is a place for it.

    Where there is none, neither beside the sources nor in the user's cache, every process compiles for itself.
    """
    dispatcher = _njit(**_ALWAYS)(function)
    with suppress(RuntimeError):
        dispatcher._cache = _Kept(function)
    return cast("Function", dispatcher)


def kept_in(function: Callable[..., Any]) -> Path | None:
    """The folder where the code of an ``entry`` is kept, if there is one."""
    folder = cast("Any", function)._cache.cache_path
    return None if folder is None else Path(folder)


def is_at_hand(function: Callable[..., Any]) -> bool:
    """Whether an ``entry`` can be called without waiting for the compiler."""
    dispatcher = cast("Any", function)
    return bool(dispatcher.signatures) or (
        isinstance(dispatcher._cache, _Kept) and dispatcher._cache.has_code_for(dispatcher.targetctx)
    )


def drop_other_versions(folder: Path) -> None:
    """Remove what other versions of the sources have left in a folder of ``kept_in``."""
    for path in folder.glob("*.nb[ic]*"):
        if _version() not in path.name:
            path.unlink(missing_ok=True)


#: What the next class needs of numba beyond its documentation; where it is not there, everything is numba's own.
_HOOKS = (
    "_optimize_final_module",
    "_finalize_final_module",
    "_finalize_dynamic_globals",
    "_verify_declare_only_symbols",
)


class _InlinedCode(_codegen.JITCodeLibrary):  # type: ignore[misc,name-defined]
    """The code of a function that becomes part of its callers: it is optimised there, and runs nowhere else.

    numba would optimise it, with all that it calls, and make machine code of it, and then do the same for its caller.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._verify_declare_only_symbols()
        # numba writes into this variable once a function is compiled, so it has to be somewhere.
        names = [one.name for one in self._final_module.global_variables if one.name.startswith("_ZN08NumbaEnv")]
        variables = "\n".join(f'@"{name}" = common global i8* null' for name in names)
        self._codegen._add_module(_llvm.parse_assembly(variables))
        self._finalized = True


class _InliningCompiler(_compiler.Compiler):  # type: ignore[misc,name-defined]
    """numba's compiler, but for where the code goes."""

    def define_pipelines(self) -> Any:
        if all(hasattr(_codegen.JITCodeLibrary, name) for name in _HOOKS):
            self.state.library = _InlinedCode(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
            self.state.library.enable_object_caching()
        return super().define_pipelines()


def compiled(function: Function) -> Function:
    """Compile a function that only compiled code calls.

    It becomes part of its callers, for handing over two dozen arrays takes longer than most of them do, and it has
    no way in for Python, which takes long to compile.
    """
    options = _ALWAYS | {"no_cpython_wrapper": True, "forceinline": True}
    return cast("Function", _njit(pipeline_class=_InliningCompiler, **options)(function))


@cache
def sources_digest() -> str:
    """A digest of every source that compiled code is made of."""
    return digest_of(resources.files(package) for package in COMPILED_FROM)


def digest_of(folders: Iterable[Traversable]) -> str:
    """A digest of the Python files in folders and in all below."""
    digest = hashlib.sha256()
    for folder in folders:
        for path, content in _sources(folder, ""):
            digest.update(path.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def _sources(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield from _sources(item, f"{path}{item.name}/")
        elif item.name.endswith(".py"):
            yield path + item.name, item.read_bytes()


def _version() -> str:
    return sources_digest()[:16]
