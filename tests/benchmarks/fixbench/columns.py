"""The tags that contestants extract, and how their text is compared with our typed columns.

Invariant: the texts of the others are turned into types here, by casts of Polars, not by the code under test.
"""

from __future__ import annotations

import polars as pl

from fix_transforms.fix.frames import TAG_COLUMNS

#: What order flow holds, known beforehand: header, order, execution. Every contestant extracts these.
TAGS = (1, 6, 8, 9, 10, 11, 14, 15, 17, 31, 32, 34, 35, 37, 38, 39, 40, 44, 49, 52, 54, 55, 56, 58, 59, 60, 150, 151)


#: Every tag that has a column of its own in ``fix_messages``: what one has to look for in a log of which nothing is known.
TABLE_TAGS = tuple(sorted({*TAGS, *TAG_COLUMNS}))


def _typed(text: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        return text.str.to_datetime("%Y%m%d-%H:%M:%S%.f", time_unit="us", time_zone="UTC", strict=False)
    if dtype == pl.Date:
        return text.str.to_date("%Y%m%d", strict=False)
    if dtype == pl.Boolean:
        return pl.when(text.is_in(["Y", "N"])).then(text == "Y")
    return text.cast(dtype, strict=False)


def typed(texts: pl.DataFrame) -> pl.DataFrame:
    """Columns of text, named after their tags, in the types that our columns of these tags have."""
    kinds = {str(tag): TAG_COLUMNS[tag][0].dtype for tag in TAGS}
    return texts.select(
        _typed(pl.col(name), pl.DataFrame(schema={name: kind}).schema[name]) for name, kind in kinds.items()
    )


def compared_tags(texts: pl.DataFrame) -> tuple[int, ...]:
    """The 28, and whatever else a contestant extracts."""
    return tuple(sorted({*TAGS, *map(int, texts.columns)}))


def disagreements(texts: pl.DataFrame, rows: pl.DataFrame) -> dict[int, int]:
    """How many cells of a contestant differ from ours, by tag.

    Args:
        texts: A text column per tag, named after it; a missing column counts as all null.
        rows: Our ``fix_messages`` rows of the same messages, in the same order.

    Raises:
        ValueError: The contestant found another number of messages.
    """
    if texts.height != rows.height:
        raise ValueError(f"{texts.height} messages, {rows.height} expected")
    found: dict[int, int] = {}
    for tag in compared_tags(texts):
        column = TAG_COLUMNS[tag][0]
        name = str(tag)
        theirs = texts[name] if name in texts.columns else pl.Series(name, [None] * texts.height, dtype=pl.String)
        typed = theirs.to_frame("text").select(_typed(pl.col("text"), rows.schema[column.name]))["text"]
        differing = typed.ne_missing(rows[column.name]).sum()
        if differing:
            found[tag] = int(differing)
    return found
