"""What a table declaration is made of: ``Column``, ``Check`` and ``Table``.

Invariant: a ``Table`` that was constructed is consistent (unique columns, keys and partitions that exist and
are required, only types that Delta stores without change), so nothing that derives from one checks again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import polars as pl

from fix_transforms.errors import TableSpecError

DataType: TypeAlias = pl.DataType | type[pl.DataType]

#: Prices and quantities: never a float, and wide enough for any notional (FIX Price and Qty datatypes).
DECIMAL = pl.Decimal(28, 10)
#: An instant. Digits beyond the microsecond are kept beside it as epoch nanoseconds.
TIMESTAMP = pl.Datetime("us", "UTC")

#: The Polars types that delta-rs stores and returns unchanged (it truncates nanoseconds, refuses unsigned
#: integers and dies on categoricals).
STORABLE = (
    pl.String,
    pl.Int8,
    pl.Int32,
    pl.Int64,
    pl.Float64,
    pl.Boolean,
    pl.Date,
    DECIMAL,
    TIMESTAMP,
    pl.List(pl.Int32),
    pl.List(pl.String),
)

#: Which facet of a tag's value a column holds.
Facet = Literal["value", "ns", "digits"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column, defined once for the whole warehouse: one name, one meaning, one unit.

    Attributes:
        tag: The FIX tag it is read from, if any.
        facet: Which facet of the tag's value: the value, its epoch nanoseconds, or its fraction digits.
        unit: The unit of a number.
        allowed: The only values it may hold, for codes of our own (FIX codes live in the dictionary).
        free_text: Whether counterparties write it: never shown in reports.
    """

    name: str
    dtype: DataType
    description: str
    tag: int | None = None
    facet: Facet = "value"
    unit: str | None = None
    nullable: bool = True
    allowed: tuple[str, ...] = ()
    free_text: bool = False

    def required(self) -> Column:
        """The same column, never null."""
        return replace(self, nullable=False)


@dataclass(frozen=True, slots=True)
class Check:
    """A constraint that the table itself enforces on every write; a null fails it."""

    name: str
    sql: str


@dataclass(frozen=True, slots=True)
class Table:
    """A declared Delta table.

    Attributes:
        grain: What one row is, completing "one row per …".
        primary_key: Columns that identify a row.
        partition_by: Columns the files are partitioned by.
        sort_by: Order of the rows inside a file.
        checks: Constraints the table enforces.
        retention_days: How long replaced files are kept before vacuum may remove them.
    """

    name: str
    grain: str
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    sort_by: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    retention_days: int = 30
    _by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {column.name: column for column in self.columns}
        object.__setattr__(self, "_by_name", by_name)
        self._refuse_repeated_columns()
        self._refuse_undeclared(self.primary_key, "primary key")
        self._refuse_undeclared(self.partition_by, "partition")
        self._refuse_undeclared(self.sort_by, "sort")
        for name in (*self.primary_key, *self.partition_by):
            if by_name[name].nullable:
                raise TableSpecError(
                    "key and partition columns are required", where=f"{self.name}.{name}", got="nullable"
                )
        for column in self.columns:
            if column.dtype not in STORABLE:
                raise TableSpecError(
                    "a type that Delta does not keep", where=f"{self.name}.{column.name}", got=column.dtype
                )

    def _refuse_repeated_columns(self) -> None:
        names = [column.name for column in self.columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise TableSpecError("a column stands twice", where=self.name, got=repeated)

    def _refuse_undeclared(self, names: tuple[str, ...], role: str) -> None:
        missing = [name for name in names if name not in self._by_name]
        if missing:
            raise TableSpecError(f"{role} column is not declared", where=self.name, got=missing)

    def __getitem__(self, name: str) -> Column:
        return self._by_name[name]

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(self._by_name)

    def tag_columns(self) -> dict[int, tuple[Column, ...]]:
        """The tag → columns map that every decoder fills: one tag may feed several facets."""
        found: dict[int, tuple[Column, ...]] = {}
        for column in self.columns:
            if column.tag is not None:
                found[column.tag] = (*found.get(column.tag, ()), column)
        return found
