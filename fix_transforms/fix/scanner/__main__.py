"""Compile now what would be compiled on first use: ``python -m fix_transforms.fix.scanner``.

Invariant: afterwards no reader on this machine waits for the compiler, until a source of the package changes.
"""

from __future__ import annotations

import gc

from fix_transforms.fix import ParseOptions, parse

_MESSAGE = b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01"


def main() -> None:
    """Read one message with every function that is compiled, and remove what older versions compiled."""
    from fix_transforms.fix.scanner.compiling import drop_other_versions, kept_in
    from fix_transforms.fix.scanner.passes import scan_block

    gc.set_threshold(20_000)  # the compiler makes millions of objects and few cycles: a tenth of its time is looking
    for _ in parse([_MESSAGE], ParseOptions(decoder="scanner")):
        pass
    folder = kept_in(scan_block)
    if folder is not None:
        drop_other_versions(folder)


if __name__ == "__main__":
    main()
