"""Arrow arrays over memory that is there already: nothing is copied but flags, a bit each.

Invariant: an array keeps the memory alive that it lies in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

#: uint64 of a string view, and bytes of text that it holds itself (Apache Arrow columnar format, "Variable-size binary
#: view").
VIEW, INLINE = 2, 12


def numbers(values: np.ndarray, kind: pa.DataType | None = None, valid: np.ndarray | None = None) -> pa.Array:
    """Contiguous numbers as an array of the Arrow type that has their bytes.

    Args:
        values: One entry per row; of numbers that take several, a line per row.
        kind: The type; none for that of ``values``.
        valid: Which rows have a value; none for all.
    """
    kind = pa.from_numpy_dtype(values.dtype) if kind is None else kind
    assert values.nbytes * 8 == len(values) * kind.bit_width, f"{values.dtype} has other bytes than {kind}"
    return pa.Array.from_buffers(kind, len(values), [_bitmap(valid), pa.py_buffer(values)])


def flags(values: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    """Zeros and ones as booleans."""
    return pa.Array.from_buffers(pa.bool_(), len(values), [_bitmap(valid), _bitmap(values)])


def text(views: np.ndarray, valid: np.ndarray | None, blocks: Sequence[np.ndarray]) -> pa.Array:
    """String views, two uint64 each, into blocks of bytes."""
    buffers = [_bitmap(valid), pa.py_buffer(views), *(pa.py_buffer(block) for block in blocks)]
    return pa.Array.from_buffers(pa.string_view(), len(views) // VIEW, buffers)


def _bitmap(valid: np.ndarray | None) -> pa.Buffer | None:
    return None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
