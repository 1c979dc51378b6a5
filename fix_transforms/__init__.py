"""WHAT is done to FIX logs: plain Python that no orchestrator needs to import."""

from __future__ import annotations

#: Looked up when it is asked for: reading the metadata takes as long as a hundred messages.
__version__: str


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("fix-lakehouse")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "0+unknown"
