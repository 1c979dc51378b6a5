"""What each file of a bundle must say by itself.

Invariant: a file that passes is one that Superset takes, shows without a broken part, and that opens no door: no
writing to the database, no uploads, no HTML out of cells.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from deployments.superset.importer.bundle import KINDS, METADATA, Bundle, Document, Problem
from deployments.superset.importer.references import check_references

VERSION = "1.0.0"
#: Kind → key → type that it must have.
REQUIRED: dict[str, dict[str, type]] = {
    "databases": {"database_name": str, "sqlalchemy_uri": str, "extra": dict},
    "datasets": {"table_name": str, "schema": str, "columns": list, "metrics": list, "database_uuid": str},
    "charts": {"slice_name": str, "viz_type": str, "params": dict, "dataset_uuid": str},
    "dashboards": {"dashboard_title": str, "slug": str, "position": dict, "metadata": dict},
}
#: What two files of a kind must not share, besides the uuid.
NAMES: dict[str, tuple[str, ...]] = {
    "databases": ("database_name",),
    "datasets": ("database_uuid", "schema", "table_name"),
    "charts": ("slice_name",),
    "dashboards": ("slug",),
}
#: Absent would mean true, or leaves it to a default that may change.
DATABASE_REFUSES = ("allow_ctas", "allow_cvas", "allow_dml", "allow_csv_upload")
#: Charts that would show a cell's text as HTML unless told not to.
CELLS_AS_HTML = ("table", "pivot_table_v2")


def check(bundle: Bundle) -> list[Problem]:
    """Everything that is wrong with a bundle, on the files alone."""
    problems = [*_check_metadata(bundle.documents[METADATA]), *_check_identity(bundle)]
    for kind in KINDS:
        for file, document in bundle.of(kind).items():
            problems += _check_keys(file, kind, document)
    # What follows relies on the keys being there.
    if not problems:
        for file, document in bundle.of("databases").items():
            problems += _check_database(file, document)
        for file, document in bundle.of("datasets").items():
            problems += _check_dataset(file, document)
        for file, document in bundle.of("charts").items():
            problems += _check_chart(file, document)
    if not problems:
        problems += check_references(bundle)
    return problems


def _check_metadata(document: Document) -> Iterator[Problem]:
    for key, value in (("version", VERSION), ("type", "assets")):
        if document.get(key) != value:
            yield Problem(METADATA, key, document.get(key), repr(value))


def _check_identity(bundle: Bundle) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for file, document in bundle.documents.items():
        if file == METADATA:
            continue
        identity = document.get("uuid")
        try:
            identity = str(uuid.UUID(identity))
        except (ValueError, TypeError, AttributeError):
            yield Problem(file, "uuid", identity, "a UUID")
            continue
        if identity != document["uuid"]:
            yield Problem(file, "uuid", document["uuid"], f"it as {identity}")
        if identity in seen:
            yield Problem(file, "uuid", identity, f"one of its own; {seen[identity]} has it")
        seen[identity] = file
    for kind, keys in NAMES.items():
        names = Counter(tuple(str(document.get(key)) for key in keys) for document in bundle.of(kind).values())
        for file, document in bundle.of(kind).items():
            name = tuple(str(document.get(key)) for key in keys)
            if names[name] > 1:
                yield Problem(file, keys[-1], name[-1], "a name that no other file of its kind has")


def _check_keys(file: str, kind: str, document: Document) -> Iterator[Problem]:
    if document.get("version") != VERSION:
        yield Problem(file, "version", document.get("version"), repr(VERSION))
    for key, kind_of_value in REQUIRED[kind].items():
        value = document.get(key)
        if not isinstance(value, kind_of_value) or value == "":
            yield Problem(file, key, value, f"a {kind_of_value.__name__} that is not empty")
    if kind == "datasets":
        for key, name in (("columns", "column_name"), ("metrics", "metric_name")):
            yield from _check_entries(file, key, name, document.get(key))


def _check_entries(file: str, key: str, name: str, entries: Any) -> Iterator[Problem]:
    names: set[str] = set()
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        got = entry.get(name) if isinstance(entry, dict) else None
        if not isinstance(got, str) or not got:
            yield Problem(file, f"{key}[{position}].{name}", got, "a name")
        elif got in names:
            yield Problem(file, f"{key}[{position}].{name}", got, "a name that stands once")
        else:
            names.add(got)


def _check_database(file: str, document: Document) -> Iterator[Problem]:
    for key in DATABASE_REFUSES:
        if document.get(key) is not False:
            yield Problem(file, key, document.get(key), "false")
    if not document["sqlalchemy_uri"].startswith("duckdb:///"):
        yield Problem(file, "sqlalchemy_uri", document["sqlalchemy_uri"].partition(":")[0], "duckdb:///…")


def _check_dataset(file: str, document: Document) -> Iterator[Problem]:
    columns = {column["column_name"]: column for column in document["columns"]}
    if not columns:
        yield Problem(file, "columns", [], "at least one")
    for name, column in columns.items():
        if not column.get("type"):
            yield Problem(file, f"columns.{name}.type", column.get("type"), "a type of DuckDB")
    time = document.get("main_dttm_col")
    if time is not None and not columns.get(time, {}).get("is_dttm"):
        yield Problem(file, "main_dttm_col", time, "a column with is_dttm: true")
    for metric in document["metrics"]:
        if not metric.get("expression"):
            yield Problem(file, f"metrics.{metric['metric_name']}.expression", metric.get("expression"), "SQL")


def _check_chart(file: str, document: Document) -> Iterator[Problem]:
    params, viz_type = document["params"], document["viz_type"]
    if params.get("viz_type") != viz_type:
        yield Problem(file, "params.viz_type", params.get("viz_type"), repr(viz_type))
    if viz_type in CELLS_AS_HTML and params.get("allow_render_html") is not False:
        yield Problem(file, "params.allow_render_html", params.get("allow_render_html"), "false")
