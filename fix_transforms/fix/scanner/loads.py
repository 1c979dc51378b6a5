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

#: Bytes that must follow any byte that is looked at: the widest load, up to a word further on.
SLACK = 64 + 8

_BYTE = ir.IntType(8)
#: Name of the variable that holds each byte, eight times.
_REPEATED = "fix_lakehouse_repeated"


def primitive(function: Callable[..., Any]) -> Any:
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


@primitive
def load_u64(typing_context: Any, buffer: Any, index: Any) -> Any:
    """Eight bytes at ``index``, the first one lowest."""
    return types.uint64(buffer, types.intp), _load(64)


@primitive
def get(typing_context: Any, array: Any, index: Any) -> Any:
    """An entry of an array. Other than ``array[index]``, it does not ask whether the index counts from the end."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(_pointer(context, builder, signature, arguments))

    return array.dtype(array, types.intp), generate


@primitive
def put(typing_context: Any, array: Any, index: Any, value: Any) -> Any:
    """Write an entry of an array, as ``get`` reads it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store(arguments[2], _pointer(context, builder, signature, arguments))
        return context.get_dummy_value()

    return types.void(array, types.intp, array.dtype), generate


@primitive
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


@primitive
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
    """A vector with the same byte in all lanes, out of memory.

    Were it a constant to the compiler, it would take two dozen of them into registers before each message, and have to
    put them all by at once: more work than the comparisons themselves. A weak variable is none to it.
    """
    word, lanes = ir.IntType(64), ir.VectorType(ir.IntType(64), 8)
    known = builder.module.globals.get(_REPEATED)
    if known is None:
        known = ir.GlobalVariable(builder.module, ir.ArrayType(word, 256), _REPEATED)
        known.linkage = "weak"
        known.initializer = ir.Constant(known.value_type, [byte * 0x0101010101010101 for byte in range(256)])
    place = builder.gep(known, [ir.IntType(32)(0), builder.zext(byte, word)], inbounds=True)
    none, first = ir.Constant(lanes, ir.Undefined), ir.IntType(32)(0)
    one = builder.insert_element(none, builder.load(place), first)
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), 8), [first] * 8)
    return builder.bitcast(builder.shuffle_vector(one, none, zeros), ir.VectorType(_BYTE, 64))


@primitive
def equal_mask(typing_context: Any, buffer: Any, index: Any, byte: Any) -> Any:
    """Which of the 64 bytes at ``index`` equal ``byte``: bit 0 for the first."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        found = builder.icmp_unsigned("==", chunk, _repeated(builder, arguments[2]))
        return builder.bitcast(found, ir.IntType(64))

    return types.uint64(buffer, types.intp, types.uint8), generate


@primitive
def high_mask(typing_context: Any, buffer: Any, index: Any) -> Any:
    """Which of the 64 bytes at ``index`` are outside ASCII."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        return builder.bitcast(builder.icmp_signed("<", chunk, _splat(0)), ir.IntType(64))

    return types.uint64(buffer, types.intp), generate


@primitive
def below_mask(typing_context: Any, buffer: Any, index: Any, byte: Any) -> Any:
    """Which of the 64 bytes at ``index`` are less than ``byte``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        return builder.bitcast(builder.icmp_unsigned("<", chunk, _repeated(builder, arguments[2])), ir.IntType(64))

    return types.uint64(buffer, types.intp, types.uint8), generate


@primitive
def range_mask(typing_context: Any, buffer: Any, index: Any, first: Any, last: Any) -> Any:
    """Which of the 64 bytes at ``index`` lie between two, these included."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        above = builder.sub(chunk, _repeated(builder, arguments[2]))
        width = builder.sub(arguments[3], arguments[2])
        return builder.bitcast(builder.icmp_unsigned("<=", above, _repeated(builder, width)), ir.IntType(64))

    return types.uint64(buffer, types.intp, types.uint8, types.uint8), generate


@primitive
def other_mask(typing_context: Any, buffer: Any, index: Any, known: Any, place: Any) -> Any:
    """Which of the 64 bytes at ``index`` are not those of ``known`` at ``place``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        chunk = _vector(builder, _pointer(context, builder, signature, arguments))
        array = context.make_array(signature.args[2])(context, builder, arguments[2])
        same = _vector(builder, builder.gep(array.data, [arguments[3]], inbounds=True))
        return builder.bitcast(builder.icmp_unsigned("!=", chunk, same), ir.IntType(64))

    return types.uint64(buffer, types.intp, known, types.intp), generate


@primitive
def byte_sum(typing_context: Any, buffer: Any, start: Any, end: Any) -> Any:
    """Sum modulo 256 of the bytes from ``start`` up to ``end``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        number, (_, start, end) = ir.IntType(64), arguments
        total = cgutils.alloca_once_value(builder, _splat(0))  # type: ignore[no-untyped-call]
        at = cgutils.alloca_once_value(builder, start)  # type: ignore[no-untyped-call]

        def add(chunk: Any) -> None:
            builder.store(builder.add(builder.load(total), chunk), total)

        def chunk() -> Any:
            return _vector(builder, builder.gep(array.data, [builder.load(at)], inbounds=True))

        whole = builder.append_basic_block("whole")
        more, rest = builder.append_basic_block("more"), builder.append_basic_block("rest")
        builder.branch(whole)
        builder.position_at_end(whole)
        left = builder.sub(end, builder.load(at))
        builder.cbranch(builder.icmp_signed(">=", left, number(64)), more, rest)
        builder.position_at_end(more)
        add(chunk())
        builder.store(builder.add(builder.load(at), number(64)), at)
        builder.branch(whole)
        builder.position_at_end(rest)
        lanes = ir.Constant(ir.VectorType(_BYTE, 64), [ir.Constant(_BYTE, lane) for lane in range(64)])
        wanted = builder.icmp_unsigned("<", lanes, _repeated(builder, builder.trunc(left, _BYTE)))
        add(builder.select(wanted, chunk(), _splat(0)))
        reduce = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(_BYTE, [ir.VectorType(_BYTE, 64)]), "llvm.vector.reduce.add.v64i8"
        )
        return builder.zext(builder.call(reduce, [builder.load(total)]), number)

    return types.int64(buffer, types.intp, types.intp), generate


@primitive
def mask_below(typing_context: Any, count: Any) -> Any:
    """The lowest ``count`` bits, all of them from 64 on; ``count`` is not zero."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        full = ir.Constant(ir.IntType(64), 64)
        short = builder.icmp_signed("<", arguments[0], full)
        shift = builder.select(short, builder.sub(full, arguments[0]), ir.Constant(ir.IntType(64), 0))
        return builder.lshr(ir.Constant(ir.IntType(64), -1), shift)

    return types.uint64(types.intp), generate


@primitive
def trailing_zeros(typing_context: Any, word: Any) -> Any:
    """How many bits below the lowest set one; 64 where there is none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

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
    "other_mask",
    "primitive",
    "put",
    "range_mask",
    "trailing_zeros",
    "will_put",
]
