"""A checked bundle, put into Superset's metadata in one transaction.

Invariant: afterwards Superset holds what the files say under the ids it had before, and nothing of an earlier import
that is no longer a file; or the transaction is rolled back. What people made themselves is never changed, and what
they still use is never taken away. Ours is what carries ``is_managed_externally`` and an ``external_url`` with our
prefix.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import yaml

from deployments.superset.importer.bundle import KINDS, METADATA, Bundle, BundleError, Document, Problem

MARK = "fixlake:"


@dataclass(slots=True)
class Report:
    """What an import did.

    Attributes:
        imported: Kind → how many.
        pruned: Objects that were removed.
        kept: Objects that are no longer files, and stay because somebody uses them.
    """

    imported: dict[str, int] = field(default_factory=dict)
    pruned: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def import_bundle(bundle: Bundle, username: str, *, prune: bool = True, prune_all: bool = False) -> Report:
    """Import a checked bundle as this user. Needs Superset's application context.

    Args:
        bundle: Without problems.
        username: An administrator, who comes to own the objects.
        prune: Remove what was imported earlier and is no longer a file.
        prune_all: Remove what people made themselves too.

    Raises:
        BundleError: Superset did not take it, or holds something of another origin under one of its names.
    """
    from superset import security_manager
    from superset.utils.core import override_user

    user = security_manager.find_user(username)
    if user is None:
        raise BundleError([Problem("", "user", username, "an administrator of Superset")])
    report = Report(imported={kind: len(bundle.of(kind)) for kind in KINDS})
    with override_user(user), _one_transaction():
        _refuse_collisions(bundle)
        _import(bundle)
        _require_all(bundle)
        if prune or prune_all:
            _prune(bundle, report, everything=prune_all)
    return report


@contextmanager
def _one_transaction() -> Iterator[None]:
    """Superset and its libraries commit in many places on the way; here only the end counts."""
    from superset import db

    session = db.session()
    session.commit = session.flush
    try:
        yield
        del session.commit
        session.commit()
    except BaseException:
        session.__dict__.pop("commit", None)
        session.rollback()
        raise


def _import(bundle: Bundle) -> None:
    from superset.commands.exceptions import CommandInvalidError
    from superset.commands.importers.v1.assets import ImportAssetsCommand

    contents = {file: _marked(file, document) for file, document in bundle.documents.items()}
    try:
        ImportAssetsCommand(contents).run()
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, CommandInvalidError):
            messages = cause.normalized_messages()
            raise BundleError(
                Problem(str(file), "file", got, "what Superset takes") for file, got in messages.items()
            ) from error
        # Without the statement and its values, which SQLAlchemy appends.
        said = " ".join(str(cause).partition("[SQL:")[0].split())
        got = f"{type(cause).__name__}: {said}"
        raise BundleError([Problem("", "import", got, "an import without an error")]) from error


def _marked(file: str, document: Document) -> str:
    if file == METADATA:
        # Superset wants the time in it as text.
        document = {**document, "timestamp": str(document.get("timestamp", "2026-01-01T00:00:00+00:00"))}
    else:
        document = {**document, "is_managed_externally": True, "external_url": MARK + file}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _models() -> dict[str, Any]:
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    return {"databases": Database, "datasets": SqlaTable, "charts": Slice, "dashboards": Dashboard}


def _refuse_collisions(bundle: Bundle) -> None:
    """Superset would write over an object that has one of our names and another uuid."""
    from superset import db

    names = {"databases": "database_name", "dashboards": "slug"}
    problems: list[Problem] = []
    for kind, column in names.items():
        model = _models()[kind]
        for file, document in bundle.of(kind).items():
            found = db.session.query(model).filter(getattr(model, column) == document[column]).all()
            if any(str(other.uuid) != document["uuid"] and not is_ours(other) for other in found):
                problems.append(Problem(file, column, document[column], "a name that nobody uses in Superset yet"))
    if problems:
        raise BundleError(problems)


def _require_all(bundle: Bundle) -> None:
    """Superset takes a file that it does not understand for none at all."""
    from superset import db

    for kind, model in _models().items():
        there = {str(identity) for (identity,) in db.session.query(model.uuid)}
        missing = [
            Problem(file, "uuid", "nothing in Superset", document["uuid"])
            for file, document in bundle.of(kind).items()
            if document["uuid"] not in there
        ]
        if missing:
            raise BundleError(missing)


def is_ours(thing: Any) -> bool:
    """Whether an object came from an import."""
    return bool(thing.is_managed_externally and (thing.external_url or "").startswith(MARK))


def _prune(bundle: Bundle, report: Report, *, everything: bool) -> None:
    from superset import db

    # Dashboards first: what is left of charts, datasets and databases is then what somebody else uses.
    for kind in reversed(KINDS):
        declared = bundle.by_uuid(kind)
        for thing in db.session.query(_models()[kind]).all():
            if str(thing.uuid) in declared or not (everything or is_ours(thing)):
                continue
            name = f"{kind[:-1]} {thing}"
            if _users(kind, thing):
                report.kept.append(name)
            else:
                db.session.delete(thing)
                db.session.flush()
                report.pruned.append(name)


def _users(kind: str, thing: Any) -> bool:
    """Whether something that stays needs this one."""
    from superset import db

    models = _models()
    if kind == "charts":
        return bool(thing.dashboards)
    if kind == "datasets":
        charts = models["charts"]
        return bool(db.session.query(charts.id).filter_by(datasource_id=thing.id, datasource_type="table").first())
    if kind == "databases":
        return bool(db.session.query(models["datasets"].id).filter_by(database_id=thing.id).first())
    return False
