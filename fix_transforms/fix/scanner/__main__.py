"""Compile now what would be compiled on first use: ``python -m fix_transforms.fix.scanner``.

Invariant: afterwards no reader on this machine waits for the compiler, until a source of the package changes.
"""

from __future__ import annotations

from fix_transforms.fix import ParseOptions, parse

_MESSAGE = b"8=FIX.4.4\x019=5\x0135=0\x0110=163\x01"


def main() -> None:
    """Read one message with every decoder that is compiled."""
    for _ in parse([_MESSAGE], ParseOptions(decoder="scanner")):
        pass


if __name__ == "__main__":
    main()
