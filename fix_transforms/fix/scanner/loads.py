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


def _primitive(function: Callable[..., Any]) -> Any:
    """An instruction that compiled code may use; the first parameter is numba's own."""
    return intrinsic(function)


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any, *, exists: bool = True) -> Any:
    """Of an entry; one that is not known to exist must not be promised to."""
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]], inbounds=exists)


def _load(bits: int) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        return builder.load(builder.bitcast(pointer, ir.IntType(bits).as_pointer()), align=1)

    return generate


@_primitive
def load_u64(typing_context: Any, buffer: Any, index: Any) -> Any:
    """Eight bytes at ``index``, the first one lowest."""
    return types.uint64(buffer, types.intp), _load(64)


@_primitive
def get(typing_context: Any, array: Any, index: Any) -> Any:
    """An entry of an array. Other than ``array[index]``, it does not ask whether the index counts from the end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature, arguments))

    return array.dtype(array, types.intp), generate


@_primitive
def put(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Write an entry of an array, as ``get`` reads it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer(context, builder, signature, arguments))
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), generate


@_primitive
def will_put(typing_context: Any, array: Any, index: Any) -> Any:
    """Have the memory of an entry brought near before it is written: there need not be such an entry."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        number, pointer = ir.IntType(32), _BYTE.as_pointer()
        prefetch = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(ir.VoidType(), [pointer, number, number, number]), "llvm.prefetch.p0"
        )
        place = builder.bitcast(_pointer(context, builder, signature, arguments, exists=False), pointer)
        builder.call(prefetch, [place, number(1), number(3), number(1)])  # to write, near, data
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@_primitive
def ones(typing_context: Any, word: Any) -> Any:
    """How many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


def _vector(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, ir.VectorType(_BYTE, 64).as_pointer()), align=1)


def _splat(byte: int) -> Any:
    return ir.Constant(ir.VectorType(_BYTE, 64), [ir.Constant(_BYTE, byte)] * 64)


def _repeated(builder: Any, byte: Any) -> Any:
    """A vector with the same byte in all lanes."""
    first = builder.insert_element(
        ir.Constant(ir.VectorType(_BYTE, 64), ir.Undefined), byte, ir.Constant(ir.IntType(32), 0)
    )
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), 64), [ir.Constant(ir.IntType(32), 0)] * 64)
    return builder.shuffle_vector(first, first, zeros)


@_primitive
def equal_mask(typing_context: Any, buffer: Any, index: Any, byte: Any) -> Any:
    """Which of the 64 bytes at ``index`` equal ``byte``: bit 0 for the first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        found = builder.icmp_unsigned("==", chunk, _repeated(builder, arguments[2]))
        return builder.bitcast(found, ir.IntType(64))

    return types.uint64(buffer, types.intp, types.uint8), generate


@_primitive
def high_mask(typing_context: Any, buffer: Any, index: Any) -> Any:
    """Which of the 64 bytes at ``index`` are outside ASCII."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        return builder.bitcast(builder.icmp_signed("<", chunk, _splat(0)), ir.IntType(64))

    return types.uint64(buffer, types.intp), generate


@_primitive
def below_mask(typing_context: Any, buffer: Any, index: Any, byte: Any) -> Any:
    """Which of the 64 bytes at ``index`` are less than ``byte``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        return builder.bitcast(builder.icmp_unsigned("<", chunk, _repeated(builder, arguments[2])), ir.IntType(64))

    return types.uint64(buffer, types.intp, types.uint8), generate


@_primitive
def byte_sum(typing_context: Any, buffer: Any, index: Any, count: Any) -> Any:
    """Sum modulo 256 of the first ``count`` of the 64 bytes at ``index``; all of them from 64 on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        limit = builder.trunc(arguments[2], ir.IntType(32))
        limit = builder.select(
            builder.icmp_signed("<", limit, ir.Constant(ir.IntType(32), 64)), limit, ir.Constant(ir.IntType(32), 64)
        )
        lanes = ir.Constant(ir.VectorType(_BYTE, 64), [ir.Constant(_BYTE, lane) for lane in range(64)])
        wanted = builder.icmp_unsigned("<", lanes, _repeated(builder, builder.trunc(limit, _BYTE)))
        kept = builder.select(wanted, chunk, _splat(0))
        reduce = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(_BYTE, [kept.type]), "llvm.vector.reduce.add.v64i8"
        )
        return builder.zext(builder.call(reduce, [kept]), ir.IntType(64))

    return types.int64(buffer, types.intp, types.intp), generate


@_primitive
def mask_below(typing_context: Any, count: Any) -> Any:
    """The lowest ``count`` bits, all of them from 64 on; ``count`` is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        full = ir.Constant(ir.IntType(64), 64)
        short = builder.icmp_signed("<", arguments[0], full)
        shift = builder.select(short, builder.sub(full, arguments[0]), ir.Constant(ir.IntType(64), 0))
        return builder.lshr(ir.Constant(ir.IntType(64), -1), shift)

    return types.uint64(types.intp), generate


@_primitive
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """How many bits below the lowest set one; the word is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


__all__ = [
    "SLACK",
    "below_mask",
    "byte_sum",
    "equal_mask",
    "get",
    "high_mask",
    "load_u64",
    "mask_below",
    "ones",
    "put",
    "trailing_zeros",
    "will_put",
]
