"""Short decimals, eight at once: most prices and quantities take eight bytes or fewer, and a message has several.

Invariant: what is not exactly a decimal without a sign is told, and then the values are void.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

from fix_transforms.fix.digit_words import DOTS, JOINS, ONES, OVER_NINE, TOPS, ZEROS
from fix_transforms.fix.scanner.loads import primitive

#: How many are read at once.
DECIMALS = 8

_NUMBER = ir.IntType(64)
_LANES = ir.VectorType(_NUMBER, DECIMALS)


def _each(value: int) -> Any:
    return ir.Constant(_LANES, [value] * DECIMALS)


_ALL = _each(0xFFFFFFFFFFFFFFFF)
_ONES, _TOPS, _ZEROS, _DOTS, _OVER_NINE = (_each(word) for word in (ONES, TOPS, ZEROS, DOTS, OVER_NINE))
#: What a value is multiplied by for each bit of seven less its decimals; and always: ten to the third.
_SCALES = ((1, 10), (2, 100), (4, 10_000))
_LEAST_SCALE = 1_000


@primitive
def short_decimals(typing_context: Any, words: Any, lengths: Any) -> Any:
    """Turn decimals of one to eight bytes without a sign into the low halves of ``Decimal(28, 10)``.

    Args:
        typing_context: Numba's own.
        words: uint64[DECIMALS]: the bytes of each, the first one lowest, whatever follows them; then its value.
        lengths: int64[DECIMALS]: how many bytes each takes.

    Returns:
        Whether all are decimals.
    """
    return types.boolean(words, lengths), _read


def _read(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
    place, sizes = (
        b.bitcast(context.make_array(kind)(context, b, array).data, _LANES.as_pointer())
        for kind, array in zip(signature.args, arguments, strict=True)
    )
    length = b.load(sizes, align=8)
    word = b.and_(b.load(place, align=8), b.lshr(_ALL, b.shl(b.sub(_each(8), length), _each(3))))
    point = _first_point(b, word)
    before = b.sub(b.lshr(point, _each(7)), _each(1))  # the bytes before the point, or all
    joined = b.or_(b.and_(word, before), b.and_(b.lshr(word, _each(8)), b.not_(before)))
    has_point = b.zext(b.icmp_unsigned("!=", point, _each(0)), _LANES)
    digits = _left_aligned(b, b.xor(joined, _ZEROS), b.sub(length, has_point))
    strange = b.and_(b.or_(b.add(digits, _OVER_NINE), digits), _TOPS)
    last = b.sub(length, _each(1))
    at_an_end = b.or_(point, b.lshr(point, b.shl(last, _each(3))))  # nothing before the point, or nothing after it
    strange = b.or_(strange, b.and_(at_an_end, _each(0x80)))
    whole = b.lshr(_reduced(b, "ctpop", b.sub(point, _each(1))), _each(3))
    decimals = b.and_(b.sub(last, whole), b.neg(has_point))
    b.store(b.mul(_number(b, digits), _scale(b, decimals)), place, align=8)
    return b.icmp_unsigned("==", _reduced(b, "vector.reduce.or", strange), _NUMBER(0))


def _first_point(b: Any, word: Any) -> Any:
    """The top bit of the first byte that is a point; no bit where none is."""
    found = b.xor(word, _DOTS)
    points = b.and_(b.and_(b.sub(found, _ONES), b.not_(found)), _TOPS)
    return b.and_(points, b.neg(points))


def _left_aligned(b: Any, digits: Any, count: Any) -> Any:
    """Zeros before so many digits; a shift by 64 would be undefined, hence two."""
    shift = b.shl(b.sub(_each(8), count), _each(2))
    return b.shl(b.shl(digits, shift), shift)


def _number(b: Any, digits: Any) -> Any:
    for kept, factor, shift in JOINS:
        digits = b.lshr(b.mul(b.and_(digits, _each(kept)), _each(factor)), _each(shift))
    return digits


def _scale(b: Any, decimals: Any) -> Any:
    missing, scale = b.sub(_each(7), decimals), _each(_LEAST_SCALE)
    for bit, factor in _SCALES:
        is_set = b.icmp_unsigned("!=", b.and_(missing, _each(bit)), _each(0))
        scale = b.mul(scale, b.select(is_set, _each(factor), _each(1)))
    return scale


def _reduced(b: Any, name: str, lanes: Any) -> Any:
    """What an instruction of LLVM makes of lanes: one number of all, or one of each."""
    result = _NUMBER if "reduce" in name else _LANES
    called = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        b.module, ir.FunctionType(result, [_LANES]), f"llvm.{name}.v{DECIMALS}i64"
    )
    return b.call(called, [lanes])
