"""dbt as the program of a process that ends with the process that started it.

Invariant: standard input is a pipe that only the parent can close, and is never written to. When it ends, the
parent is gone, however it died, and this process follows: the lock on the build went with the parent, so a dbt
that lived on would write into the next build's files.
"""

from __future__ import annotations

import os
import threading

_STDIN = 0


def main() -> None:
    """Run the dbt command line."""
    from dbt.cli.main import cli

    threading.Thread(target=_end_with_parent, daemon=True).start()
    cli()


def _end_with_parent() -> None:
    # Not sys.stdin, whose lock a normal exit would wait for.
    while os.read(_STDIN, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
