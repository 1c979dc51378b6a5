"""``python -m flows.cli``: the ``fixlake`` command where no script is installed."""

from flows.cli import main

main()
