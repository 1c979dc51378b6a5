"""How this package compiles: once per machine, without the interpreter's lock, without counting references.

Invariant: compiled functions own no memory. They are given arrays and fill them, so numba's reference counts,
which cost more than the work between them, are left out. What is kept on disk is of these very sources.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

#: A machine integer or a flag in compiled code: of fixed width, which a type checker takes for Python's own.
Number: TypeAlias = Any

#: Its declared options leave out those that matter here.
_njit = cast("Any", njit)
_ALWAYS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}


def entry(function: Function) -> Function:
    """Compile a function that Python calls; the result is kept on disk, where there is a place for it."""
    try:
        dispatcher = _njit(cache=True, **_ALWAYS)(function)
    except RuntimeError:  # neither beside the sources nor in the user's cache: every process compiles for itself
        return cast("Function", _njit(**_ALWAYS)(function))
    # numba looks at the file of the function alone, but what it calls is compiled into it.
    dispatcher._cache._cache_file._source_stamp = sources_digest()
    return cast("Function", dispatcher)


def compiled(function: Function) -> Function:
    """Compile a function that only compiled code calls.

    It becomes part of its callers, for handing over two dozen arrays takes longer than most of them do, and it has
    no way in for Python, which takes long to compile.
    """
    return cast("Function", _njit(no_cpython_wrapper=True, forceinline=True, **_ALWAYS)(function))


@cache
def sources_digest() -> str:
    """A digest of every source file of this package."""
    digest = hashlib.sha256()
    folder = resources.files(__package__)
    for source in sorted((item for item in folder.iterdir() if item.name.endswith(".py")), key=lambda item: item.name):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()
