"""A small bundle of assets on a small published database, for tests to break."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import yaml

Documents = dict[str, dict[str, Any]]

DATABASE, TRADES, VERSIONS, COUNT, ROWS, NEWEST, BOARD = (f"00000000-0000-4000-8000-{n:012d}" for n in range(1, 8))

MARKUP = "<img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://evil.example","x")'


def write_database(path: Path, seq: int, rows: int = 3) -> None:
    """A file like the one that is published: trades, one of them hostile, and the number of the version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
        connection.execute(
            "CREATE OR REPLACE TABLE marts.trades AS SELECT TIMESTAMP '2024-03-05 10:00:00' + to_seconds(i) AS traded_at,"
            " CASE i % 3 WHEN 0 THEN ? WHEN 1 THEN ? ELSE 'MSFT' END AS symbol, (100 + i)::BIGINT AS quantity"
            f" FROM range({rows}) AS numbers(i)",
            [MARKUP, FORMULA],
        )
        connection.execute(
            f"CREATE OR REPLACE TABLE marts.versions AS SELECT {seq}::BIGINT AS seq, now()::TIMESTAMP AS at"
        )
        connection.execute("CHECKPOINT")


def good_bundle() -> Documents:
    """Two datasets, three charts, one dashboard."""
    return copy.deepcopy(
        {
            "metadata.yaml": {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"},
            "databases/lakehouse.yaml": {
                "database_name": "lakehouse",
                "sqlalchemy_uri": "duckdb:////published/current/lakehouse.duckdb",
                "expose_in_sqllab": True,
                "allow_ctas": False,
                "allow_cvas": False,
                "allow_dml": False,
                "allow_csv_upload": False,
                "extra": {"allows_virtual_table_explore": True},
                "uuid": DATABASE,
                "version": "1.0.0",
            },
            "datasets/lakehouse/trades.yaml": _dataset(
                "trades", TRADES, {"traded_at": "TIMESTAMP", "symbol": "VARCHAR", "quantity": "BIGINT"}, "traded_at"
            ),
            "datasets/lakehouse/versions.yaml": _dataset("versions", VERSIONS, {"seq": "BIGINT", "at": "TIMESTAMP"}, "at"),
            "charts/count.yaml": _chart("Trades", COUNT, TRADES, "big_number_total", metric="rows"),
            "charts/rows.yaml": _chart(
                "Latest trades", ROWS, TRADES, "table",
                query_mode="raw", all_columns=["traded_at", "symbol", "quantity"], allow_render_html=False, row_limit=100,
            ),
            "charts/newest.yaml": _chart("Version", NEWEST, VERSIONS, "big_number_total", metric="newest"),
            "dashboards/board.yaml": _dashboard(),
        }
    )  # fmt: skip


def write_bundle(folder: Path, documents: Documents) -> Path:
    """Write a bundle into a folder that has nothing else."""
    for name, document in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


def broken(change: Callable[[Documents], None]) -> Documents:
    """The good bundle with one thing wrong."""
    documents = good_bundle()
    change(documents)
    return documents


def _dataset(table: str, uuid: str, columns: dict[str, str], time: str) -> dict[str, Any]:
    metrics = [{"metric_name": "rows", "expression": "COUNT(*)"}]
    if "seq" in columns:
        metrics.append({"metric_name": "newest", "expression": "MAX(seq)"})
    return {
        "table_name": table,
        "schema": "marts",
        "catalog": None,
        "sql": None,
        "main_dttm_col": time,
        "columns": [
            {
                "column_name": name,
                "type": kind,
                "is_dttm": kind == "TIMESTAMP",
                "is_active": True,
                "groupby": True,
                "filterable": True,
                "expression": None,
            }
            for name, kind in columns.items()
        ],
        "metrics": metrics,
        "uuid": uuid,
        "database_uuid": DATABASE,
        "version": "1.0.0",
    }


def _chart(name: str, uuid: str, dataset: str, viz_type: str, **params: object) -> dict[str, Any]:
    return {
        "slice_name": name,
        "viz_type": viz_type,
        "query_context": None,
        "uuid": uuid,
        "dataset_uuid": dataset,
        "version": "1.0.0",
        "params": {"viz_type": viz_type, **params},
    }


def _dashboard() -> dict[str, Any]:
    charts = {"CHART-1": (1, COUNT), "CHART-2": (2, ROWS), "CHART-3": (3, NEWEST)}
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": ["ROW-1"], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": "Board"}},
        "ROW-1": {
            "type": "ROW",
            "id": "ROW-1",
            "children": [*charts, "MARKDOWN-1"],
            "parents": ["ROOT_ID", "GRID_ID"],
            "meta": {"background": "BACKGROUND_TRANSPARENT"},
        },
        "MARKDOWN-1": {
            "type": "MARKDOWN",
            "id": "MARKDOWN-1",
            "children": [],
            "parents": ["ROOT_ID", "GRID_ID", "ROW-1"],
            "meta": {"code": "[Reports]({{ site_url }}/index.html)", "width": 3, "height": 20},
        },
    }
    for name, (number, uuid) in charts.items():
        position[name] = {
            "type": "CHART",
            "id": name,
            "children": [],
            "parents": ["ROOT_ID", "GRID_ID", "ROW-1"],
            "meta": {"chartId": number, "uuid": uuid, "width": 3, "height": 50},
        }
    return {
        "dashboard_title": "Board",
        "slug": "board",
        "published": True,
        "uuid": BOARD,
        "version": "1.0.0",
        "position": position,
        "metadata": {
            "cross_filters_enabled": True,
            "native_filter_configuration": [
                {
                    "id": "NATIVE_FILTER-symbol",
                    "type": "NATIVE_FILTER",
                    "filterType": "filter_select",
                    "name": "Symbol",
                    "targets": [{"column": {"name": "symbol"}, "datasetUuid": TRADES}],
                    "cascadeParentIds": [],
                    "scope": {"rootPath": ["ROOT_ID"], "excluded": [3]},
                    "controlValues": {"multiSelect": True, "enableEmptyFilter": False},
                    "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
                }
            ],
        },
    }
