"""WHAT is done to FIX logs: plain Python that no orchestrator needs to import."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("fix-lakehouse")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
