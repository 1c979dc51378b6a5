"""Market data entries out of the unfolded groups of a chunk, column by column.

Invariant: one row per instance of NoMDEntries(268) that says anything about a market, in the order of the messages;
no row depends on another message. Values are typed as in ``fix_messages``: exact or null, and told when they did not fit.

What an entry does not say (FIX 4.4 volume 3, "Market Data - Incremental Refresh"): a new entry without instrument and
without MDEntryRefID is about the instrument of the entry before it; otherwise instrument and currency are the
message's. An entry time without a date is on the day that brings it nearest to SendingTime, or to the log's clock without one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from fix_transforms.fix.coercion import coerce
from fix_transforms.fix.frames import DATES, empty_frame, parsed_schema
from fix_transforms.tables import MARKET_DATA_ENTRIES

if TYPE_CHECKING:
    from fix_transforms.tables import Column

NO_MD_ENTRIES = 268
#: An entry has at least one of MDUpdateAction, MDEntryType, MDEntryPx, MDEntrySize.
_TELLING = (279, 269, 270, 271)
#: Symbol, SecurityID, SecurityIDSource, SecurityType, SecurityExchange: which instrument it is.
_INSTRUMENT = (55, 48, 22, 167, 207)
_CURRENCY = 15
_UPDATE_ACTION, _NEW, _REF_ID, _DATE, _TIME = 279, "0", 280, 272, 273
#: Tags that only the message has.
_OF_MESSAGE = ("msg_type", "sender_comp_id", "target_comp_id", "md_req_id")
_SENDING_TIME = ("sending_time", "sending_time_ns", "sending_time_digits")
_DAY_NS = 86_400 * 10**9


@cache
def _tag_columns() -> dict[int, tuple[Column, ...]]:
    """The columns that are read from fields of an entry, by tag."""
    of_message = (*_OF_MESSAGE, *_SENDING_TIME)
    found = MARKET_DATA_ENTRIES.tag_columns()
    return {tag: columns for tag, columns in found.items() if columns[0].name not in of_message}


def market_data_frame(groups: pl.DataFrame, messages: pl.DataFrame) -> pl.DataFrame:
    """The frame of ``market_data_entries``.

    Args:
        groups: The chunk's frame of ``fix_group_fields``, in the order of the file.
        messages: The chunk's frame of ``fix_messages``.
    """
    if groups.is_empty():
        return empty_frame(MARKET_DATA_ENTRIES)
    fields = (
        groups.lazy().filter(pl.col("counter_tag") == NO_MD_ENTRIES).select("message_index", "path", "tag", "value")
    )
    rows = fields.with_columns(entry=pl.struct("message_index", "path").rle_id()).collect()
    telling = rows.lazy().filter(pl.col("tag").is_in(_TELLING)).select("entry").unique().sort("entry").collect()
    schema = parsed_schema(MARKET_DATA_ENTRIES)
    if telling.is_empty():
        return empty_frame(MARKET_DATA_ENTRIES)
    texts = _texts(rows, telling)
    heads = rows.group_by("entry", maintain_order=True).agg(pl.col("message_index").first())
    entries = telling.join(heads, on="entry", how="left", maintain_order="left").join(
        messages, on="message_index", how="left", maintain_order="left"
    )
    texts = _with_defaults(texts, entries)
    typed, errors = _typed(texts, entries)
    own = entries.select(
        "message_index", *DATES, *_OF_MESSAGE, *_SENDING_TIME,
        entry_index=pl.int_range(pl.len(), dtype=pl.Int32).over("message_index"),
        coercion_errors=errors,
    )  # fmt: skip
    times = ("transact_time", "transact_time_ns", "transact_time_digits")
    return (
        pl.concat([own, typed], how="horizontal")
        .with_columns(pl.when(texts["60"].is_null()).then(entries[name]).otherwise(name).alias(name) for name in times)
        .select(schema.names())
    )


def _texts(rows: pl.DataFrame, telling: pl.DataFrame) -> pl.DataFrame:
    """A column of text per tag, named by its number, and a row per entry; the first value of a tag counts."""
    texts = telling.lazy()
    by_tag = rows.filter(pl.col("tag").is_in(list(_tag_columns()))).partition_by("tag", as_dict=True)
    for (tag,), fields in by_tag.items():
        values = fields.lazy().select("entry", pl.col("value").alias(str(tag))).unique("entry", keep="first")
        texts = texts.join(values, on="entry", how="left", maintain_order="left")
    found = texts.drop("entry").collect()
    absent = [str(tag) for tag in _tag_columns() if str(tag) not in found.columns]
    return found.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)


def _with_defaults(texts: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Instrument and currency of entries that do not name theirs."""
    instrument = [str(tag) for tag in _INSTRUMENT]
    names_one = pl.any_horizontal(pl.col("55", "48").is_not_null())
    inherits = ~names_one & pl.col(str(_REF_ID)).is_null() & (pl.col(str(_UPDATE_ACTION)) == _NEW).fill_null(value=True)
    before = pl.when(names_one).then(pl.struct(instrument)).forward_fill().over("message_index")
    filled = (
        texts.with_columns(entries["message_index"])
        .with_columns(pl.when(inherits).then(before).alias("before"))
        .with_columns(
            pl.coalesce(name, pl.col("before").struct.field(name), entries[_tag_columns()[int(name)][0].name])
            for name in instrument
        )
    )
    return filled.drop("before", "message_index").with_columns(
        pl.coalesce(str(_CURRENCY), entries["currency"]).alias(str(_CURRENCY))
    )


def _typed(texts: pl.DataFrame, entries: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The typed columns of every tag, and per entry the tags whose value did not fit."""
    columns: dict[str, pl.Series] = {}
    misfits: list[pl.DataFrame] = []
    for tag, declared in _tag_columns().items():
        text = _dated_time(texts, entries) if tag == _TIME else texts[str(tag)]
        coerced = coerce(declared, text)
        columns.update(coerced.columns)
        if coerced.errors:
            misfits.append(pl.DataFrame({"row": coerced.errors}).with_columns(tag=pl.lit(tag, dtype=pl.Int32)))
    typed = pl.DataFrame(columns)
    errors = _error_lists(misfits, texts.height)
    return _on_nearest_day(typed, entries.select(pl.coalesce("sending_time_ns", "log_time_ns")).to_series()), errors


def _error_lists(misfits: list[pl.DataFrame], height: int) -> pl.Series:
    found = pl.concat([pl.DataFrame(schema={"row": pl.Int64, "tag": pl.Int32}), *misfits])
    by_row = found.sort("tag").group_by("row", maintain_order=True).agg("tag")
    every_row = pl.DataFrame({"row": pl.int_range(height, eager=True)})
    lists = every_row.join(by_row, on="row", how="left", maintain_order="left")["tag"]
    return lists.fill_null(pl.Series([[]], dtype=pl.List(pl.Int32))).alias("coercion_errors")


def _dated_time(texts: pl.DataFrame, entries: pl.DataFrame) -> pl.Series:
    """MDEntryTime(273) with its date in front, as a UTCTimestamp; that of SendingTime where it has none."""
    date, time = pl.col(str(_DATE)), pl.col(str(_TIME))
    sent_on = entries.select(sent_on=pl.coalesce("sending_time", "log_time").dt.strftime("%Y%m%d"))["sent_on"]
    joint = pl.when(time.str.contains(":", literal=True)).then(pl.lit("-")).otherwise(pl.lit(""))
    return (
        texts.with_columns(sent_on)
        .select(pl.when(time.is_not_null()).then(pl.concat_str(pl.coalesce(date, "sent_on"), joint, time)))
        .to_series()
    )


def _on_nearest_day(typed: pl.DataFrame, sent_ns: pl.Series) -> pl.DataFrame:
    """Entries around midnight: a time without a date that is over half a day off is on the neighbouring day."""
    off = pl.col("md_entry_time_ns") - sent_ns
    days = pl.when(off > _DAY_NS // 2).then(-1).when(off < -_DAY_NS // 2).then(1).otherwise(0)
    moved = pl.when(pl.col("md_entry_date").is_null()).then(days).otherwise(0).fill_null(0)
    return typed.with_columns(
        md_entry_time_ns=pl.col("md_entry_time_ns") + moved * _DAY_NS,
        md_entry_time=pl.col("md_entry_time") + pl.duration(days=moved),
    )
