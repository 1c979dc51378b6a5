"""How others read the same logs: simplefix, dictionaries into pandas, regular expressions in Polars and DuckDB.

Invariant: each is written the way its users write it, reads the file itself, and returns what it found as a frame of
text columns named after the tags; nothing is imported before it is needed, so that memory is each one's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]
    import polars as pl
    import pyarrow as pa


# ---- simplefix, a message per line ----


def _simplefix_messages(path: Path) -> Iterator[Any]:
    """One parser per line, fed from BeginString on; a line that simplefix refuses is passed over."""
    from simplefix import FixParser
    from simplefix.errors import ParsingError

    with path.open("rb") as log:
        for line in log:
            start = line.find(b"8=FIX")
            if start < 0:
                continue
            parser = FixParser()
            parser.append_buffer(line[start:])
            try:
                message = parser.get_message()
            except ParsingError:
                continue
            if message is not None:
                yield message


def simplefix_decode(path: Path, threads: int | None) -> int:
    """Decode every message and drop it."""
    del threads
    return sum(1 for _ in _simplefix_messages(path))


def simplefix_columns(path: Path) -> pl.DataFrame:
    """The first value of each tag."""
    import polars as pl
    from fixbench.columns import TAGS

    rows = [
        {str(tag): value.decode() if (value := message.get(tag)) is not None else None for tag in TAGS}
        for message in _simplefix_messages(path)
    ]
    return pl.DataFrame(rows, schema={str(tag): pl.String for tag in TAGS})


# ---- split into dictionaries, pandas ----


def split_frame(path: Path) -> pd.DataFrame:
    """Split at the delimiter, split each field at ``=``, a dictionary per line, all of them into pandas."""
    import pandas as pd

    records = []
    with path.open("rb") as log:
        for line in log:
            start = line.find(b"8=FIX")
            if start < 0:
                continue
            fields = line[start:].decode(errors="replace").split("\x01")
            records.append({field.split("=")[0]: field.split("=")[1] for field in fields if "=" in field})
    return pd.DataFrame(records)


def split_decode(path: Path, threads: int | None) -> int:
    """Rows of the frame that have a MsgType."""
    del threads
    return int(split_frame(path)["35"].notna().sum())


def split_columns(path: Path) -> pl.DataFrame:
    """The frame's columns of the 28 tags."""
    import polars as pl
    from fixbench.columns import TAGS

    frame = split_frame(path)
    found = {str(tag): frame[str(tag)].tolist() for tag in TAGS if str(tag) in frame.columns}
    texts = {tag: [value if isinstance(value, str) else None for value in values] for tag, values in found.items()}
    return pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))


# ---- regular expressions ----


def _pattern(tag: int) -> str:
    """BeginString has no delimiter before it; every other field has."""
    return "8=(FIX[^\x01]*)" if tag == 8 else f"\x01{tag}=([^\x01]*)"


def _polars_texts(path: Path, tags: Iterable[int]) -> pl.DataFrame:
    """A regular expression per tag over the lines; as many threads as Polars was started with."""
    import polars as pl

    texts = [pl.col("line").str.extract(_pattern(tag)).alias(str(tag)) for tag in tags]
    return pl.scan_lines(path, name="line").select(texts).collect()


def polars_columns(path: Path) -> pl.DataFrame:
    """The 28 tags."""
    from fixbench.columns import TAGS

    return _polars_texts(path, TAGS)


def polars_table_columns(path: Path) -> pl.DataFrame:
    """Every tag that our table has a column for."""
    from fixbench.columns import TABLE_TAGS

    return _polars_texts(path, TABLE_TAGS)


def polars_decode(path: Path, threads: int | None) -> int:
    """Rows of the frame that have a MsgType."""
    del threads  # POLARS_MAX_THREADS of the process
    return int(polars_columns(path)["35"].count())


def polars_table(path: Path, threads: int | None) -> int:
    """The same with a column for every tag that our table has one for."""
    del threads  # POLARS_MAX_THREADS of the process
    return int(polars_table_columns(path)["35"].count())


def polars_typed(path: Path, threads: int | None) -> int:
    """The same with every text cast to the type that our column of the tag has."""
    from fixbench.columns import typed

    del threads  # POLARS_MAX_THREADS of the process
    return int(typed(polars_columns(path))["35"].count())


def _duckdb_table(path: Path, threads: int | None) -> pa.Table:
    import duckdb
    from fixbench.columns import TAGS

    texts = ", ".join(f"regexp_extract(line, '{_pattern(tag)}', 1) as \"{tag}\"" for tag in TAGS)
    lines = "read_csv($path, columns = {'line': 'VARCHAR'}, delim = '\n', quote = '', escape = '', header = false)"
    with duckdb.connect() as connection:
        if threads is not None:
            connection.execute(f"set threads = {threads}")
        return connection.execute(f"select {texts} from {lines}", {"path": str(path)}).to_arrow_table()


def duckdb_decode(path: Path, threads: int | None) -> int:
    """Rows of the table that have a MsgType."""
    import pyarrow.compute as pc

    return int(pc.sum(pc.not_equal(_duckdb_table(path, threads).column("35"), "")).as_py())


def duckdb_columns(path: Path) -> pl.DataFrame:
    """The table; DuckDB gives an empty text where a pattern does not match."""
    import polars as pl

    frame = pl.DataFrame(_duckdb_table(path, None))
    return frame.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in frame.columns)
