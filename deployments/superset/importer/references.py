"""What the files of a bundle say about each other.

Invariant: every name and number in a chart or a dashboard leads to something in the bundle. Superset's own importer
leaves out what it does not find, from there on, without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from deployments.superset.importer.bundle import Bundle, Document, Problem

#: Keys of a chart's parameters that name metrics, and those that name columns.
METRIC_KEYS = (
    "metric",
    "metrics",
    "metrics_b",
    "percent_metrics",
    "secondary_metric",
    "timeseries_limit_metric",
    "size",
)
COLUMN_KEYS = (
    "all_columns", "columns", "entity", "granularity_sqla", "groupby", "groupbyColumns", "groupbyRows", "groupby_b",
    "name", "parent", "series", "source", "target", "x_axis", "y_axis",
)  # fmt: skip
#: Keys of a dashboard's metadata that hold numbers of charts: as a list, or as keys.
CHART_LISTS = ("timed_refresh_immune_slices",)
CHART_MAPPINGS = ("chart_configuration", "expanded_slices")


def check_references(bundle: Bundle) -> list[Problem]:
    """Everything that leads nowhere."""
    problems: list[Problem] = []
    databases, datasets = bundle.by_uuid("databases"), bundle.by_uuid("datasets")
    for file, document in bundle.of("datasets").items():
        if document["database_uuid"] not in databases:
            problems.append(Problem(file, "database_uuid", document["database_uuid"], "the uuid of a database"))
    for file, document in bundle.of("charts").items():
        dataset = datasets.get(document["dataset_uuid"])
        if dataset is None:
            problems.append(Problem(file, "dataset_uuid", document["dataset_uuid"], "the uuid of a dataset"))
        else:
            problems += _check_fields(file, document["params"], dataset)
    charts = bundle.by_uuid("charts")
    for file, document in bundle.of("dashboards").items():
        problems += _check_layout(file, document["position"])
        problems += _check_charts(file, document["position"], charts)
        problems += _check_numbers(file, document)
        problems += _check_filters(file, document, datasets)
    return problems


def _check_fields(file: str, params: Document, dataset: Document) -> Iterator[Problem]:
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    columns = {column["column_name"] for column in dataset["columns"]}
    where = dataset["table_name"]
    for key in METRIC_KEYS:
        for name in _names(params.get(key)):
            if name not in metrics:
                yield Problem(file, f"params.{key}", name, f"a metric of {where}")
    for key in COLUMN_KEYS:
        for name in _names(params.get(key)):
            if name not in columns:
                yield Problem(file, f"params.{key}", name, f"a column of {where}")
    for condition in params.get("adhoc_filters") or ():
        if condition.get("expressionType") == "SIMPLE" and condition.get("subject") not in columns:
            yield Problem(file, "params.adhoc_filters", condition.get("subject"), f"a column of {where}")


def _names(value: Any) -> list[str]:
    """Names in a parameter that holds one or several; what is not a name is an expression of its own."""
    values = value if isinstance(value, list) else [value]
    return [entry for entry in values if isinstance(entry, str) and entry]


def _parts(position: Document) -> dict[str, Document]:
    return {name: part for name, part in position.items() if isinstance(part, dict)}


def _check_layout(file: str, position: Document) -> Iterator[Problem]:
    parts = _parts(position)
    for name in ("ROOT_ID", "GRID_ID"):
        if name not in parts:
            yield Problem(file, "position", None, name)
    reached: set[str] = set()
    waiting = ["ROOT_ID"]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in parts:
            continue
        reached.add(name)
        children = parts[name].get("children") or []
        for child in children:
            if child not in parts:
                yield Problem(file, f"position.{name}.children", child, "a part of the dashboard")
        waiting += children
    for name, part in parts.items():
        if part.get("id") != name:
            yield Problem(file, f"position.{name}.id", part.get("id"), name)
        # The header stands by itself.
        if name not in reached and part.get("type") != "HEADER":
            yield Problem(file, f"position.{name}", "no parent", "a part that another one names as its child")


def _chart_parts(position: Document) -> dict[str, Document]:
    return {name: part.get("meta") or {} for name, part in _parts(position).items() if part.get("type") == "CHART"}


def _check_charts(file: str, position: Document, charts: dict[str, Document]) -> Iterator[Problem]:
    numbers: set[object] = set()
    shown: set[object] = set()
    for name, meta in _chart_parts(position).items():
        number, identity = meta.get("chartId"), meta.get("uuid")
        if not isinstance(number, int) or number in numbers:
            yield Problem(file, f"position.{name}.meta.chartId", number, "a number that no other chart here has")
        if identity not in charts:
            yield Problem(file, f"position.{name}.meta.uuid", identity, "the uuid of a chart")
        elif identity in shown:
            yield Problem(file, f"position.{name}.meta.uuid", identity, "a chart that stands here once")
        numbers.add(number)
        shown.add(identity)


def _check_numbers(file: str, document: Document) -> Iterator[Problem]:
    """Numbers of charts, which the import replaces; an unknown one would be dropped or raise far from here."""
    known = {meta.get("chartId") for meta in _chart_parts(document["position"]).values()}
    metadata = document["metadata"]

    def unknown(key: str, numbers: Iterable[Any]) -> Iterator[Problem]:
        for number in numbers:
            if number not in known:
                yield Problem(file, f"metadata.{key}", number, "the chartId of a chart here")

    for key in CHART_LISTS:
        yield from unknown(key, metadata.get(key) or ())
    for key in CHART_MAPPINGS:
        numbers = (int(number) if str(number).isdigit() else number for number in metadata.get(key) or ())
        yield from unknown(key, numbers)
    everywhere = (metadata.get("global_chart_configuration") or {}).get("scope") or {}
    yield from unknown("global_chart_configuration.scope.excluded", everywhere.get("excluded") or ())
    for entry in metadata.get("native_filter_configuration") or ():
        key = f"native_filter_configuration.{entry.get('id')}"
        yield from unknown(f"{key}.scope.excluded", (entry.get("scope") or {}).get("excluded") or ())
        if entry.get("chartsInScope"):
            yield Problem(
                file, f"metadata.{key}.chartsInScope", entry["chartsInScope"], "nothing: it is not renumbered"
            )


def _check_filters(file: str, document: Document, datasets: dict[str, Document]) -> Iterator[Problem]:
    filters = document["metadata"].get("native_filter_configuration") or []
    known = [entry.get("id") for entry in filters]
    for entry in filters:
        key = f"metadata.native_filter_configuration.{entry.get('id')}"
        if not isinstance(entry.get("id"), str) or known.count(entry["id"]) > 1:
            yield Problem(file, f"{key}.id", entry.get("id"), "an id that no other filter here has")
        for parent in entry.get("cascadeParentIds") or ():
            if parent not in known:
                yield Problem(file, f"{key}.cascadeParentIds", parent, "the id of a filter here")
        for target in entry.get("targets") or ():
            if target:
                yield from _check_target(file, key, target, datasets)


def _check_target(file: str, key: str, target: Document, datasets: dict[str, Document]) -> Iterator[Problem]:
    dataset = datasets.get(str(target.get("datasetUuid")))
    if dataset is None:
        yield Problem(file, f"{key}.targets.datasetUuid", target.get("datasetUuid"), "the uuid of a dataset")
        return
    name = (target.get("column") or {}).get("name")
    if name not in {column["column_name"] for column in dataset["columns"]}:
        yield Problem(file, f"{key}.targets.column", name, f"a column of {dataset['table_name']}")
