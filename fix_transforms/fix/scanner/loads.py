"""Words and vectors out of a byte buffer at any address: what the compiled pass is made of.

Invariant: none of these checks bounds. Callers keep ``SLACK`` readable bytes after whatever they look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

#: Bytes that must follow any byte that is looked at: the widest load.
SLACK = 64

_BYTE = ir.IntType(8)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]], inbounds=True)


def _load(bits: int) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        word = builder.load(builder.bitcast(pointer, ir.IntType(bits).as_pointer()), align=1)
        return word

    return generate


@intrinsic
def load_u64(typing_context: Any, buffer: Any, index: Any) -> Any:
    """Eight bytes at ``index``, the first one lowest."""
    return types.uint64(buffer, types.intp), _load(64)


@intrinsic
def store_u64(typing_context: Any, buffer: Any, index: Any, word: Any) -> Any:
    """Write eight bytes at ``index``, the lowest one first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        builder.store(arguments[2], builder.bitcast(pointer, ir.IntType(64).as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(buffer, types.intp, types.uint64), generate


def _vector(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, ir.VectorType(_BYTE, 64).as_pointer()), align=1)


def _splat(byte: int) -> Any:
    return ir.Constant(ir.VectorType(_BYTE, 64), [ir.Constant(_BYTE, byte)] * 64)


@intrinsic
def equal_mask(typing_context: Any, buffer: Any, index: Any, byte: Any) -> Any:
    """Which of the 64 bytes at ``index`` equal ``byte``: bit 0 for the first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        wanted = ir.Constant(ir.VectorType(_BYTE, 64), ir.Undefined)
        wanted = builder.insert_element(wanted, arguments[2], ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), 64), [ir.Constant(ir.IntType(32), 0)] * 64)
        wanted = builder.shuffle_vector(wanted, wanted, zeros)
        return builder.bitcast(builder.icmp_unsigned("==", chunk, wanted), ir.IntType(64))

    return types.uint64(buffer, types.intp, types.uint8), generate


@intrinsic
def high_mask(typing_context: Any, buffer: Any, index: Any) -> Any:
    """Which of the 64 bytes at ``index`` are outside ASCII."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        return builder.bitcast(builder.icmp_signed("<", chunk, _splat(0)), ir.IntType(64))

    return types.uint64(buffer, types.intp), generate


@intrinsic
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """How many bits below the lowest set one; the word is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


__all__ = ["SLACK", "equal_mask", "high_mask", "load_u64", "store_u64", "trailing_zeros"]

del cgutils
