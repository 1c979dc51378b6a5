"""Eight desks read while a snapshot is published every second, with the function that publishes in production."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from fix_transforms.marts.build import RECORD_NAME
from fix_transforms.marts.environment import database_path
from fix_transforms.marts.publish import publish
from fix_transforms.settings import load_settings
from fix_transforms.workspace import Workspace
from tests.superset.bundles import write_database
from tests.superset.client import Person

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

SECONDS, CLIENTS = 30, 8
SLOW = "select count(*) as n from range(600) a, range(100000) b where hash(a.range * 7 + b.range) % 3 = 0"


@dataclass
class Watch:
    """What was published when, and what was read when."""

    until: float
    published: list[tuple[float, int]] = field(default_factory=list)
    reads: list[tuple[float, float, int]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    def stale(self) -> int:
        """Reads that gave less than what had been published when they were asked."""
        return sum(got < max(seq for at, seq in self.published if at <= asked) for asked, _, got in self.reads)


def _publish_each_second(workspace, watch):
    while time.monotonic() < watch.until:
        started = time.monotonic()
        seq = len(watch.published) + 1
        write_database(database_path(workspace.settings), seq=seq, rows=20_000)
        publish(workspace)
        watch.published.append((time.monotonic(), seq))
        time.sleep(max(0.0, 1 - (time.monotonic() - started)))


def _read(person, datasets, watch):
    while time.monotonic() < watch.until:
        for dataset, query in (
            ("versions", {"metrics": ["newest"]}),
            ("trades", {"metrics": ["rows"], "columns": ["symbol"]}),
        ):
            asked = time.monotonic()
            answer = person.chart_data(datasets[dataset], **query)
            watch.waits.append(time.monotonic() - asked)
            if answer.status_code != 200:
                watch.errors[answer.text[:200]] += 1
            elif dataset == "versions":
                watch.reads.append((asked, time.monotonic(), answer.json()["result"][0]["data"][0]["newest"]))


def _read_slowly(person, database, watch):
    while time.monotonic() < watch.until - 5:
        answer = person.sql(database, SLOW)
        if answer.status_code != 200:
            watch.errors["slow: " + answer.text[:200]] += 1


@pytest.mark.parametrize("slow", [0, 2])
def test_nobody_sees_an_error_or_an_old_snapshot_while_one_is_published_each_second(slow, first_installation, tmp_path):
    from tests.superset.installation import Installation

    workspace = Workspace.from_settings(load_settings(home=tmp_path / "lakehouse"))
    settings = workspace.settings
    settings.build_dir.mkdir(parents=True)
    (settings.build_dir / RECORD_NAME).write_text(json.dumps({"table_versions": {"fix_messages": 1}}))
    write_database(database_path(settings), seq=1, rows=20_000)
    publish(workspace)

    made = Installation.make(
        tmp_path / "superset", first_installation.dsn, first_installation.password, template=first_installation.database
    )
    made.published.rmdir()
    made.published.symlink_to(settings.published_dir)
    server = made.start(SUPERSET_LOGIN_LIMIT="1000 per minute", SUPERSET_QUERY_SECONDS="300")
    people = [Person(made.url) for _ in range(CLIENTS + slow)]
    try:
        for person in people:
            assert person.log_in("admin", made.secret("admin_password"))
        datasets, database = people[0].names("dataset"), people[0].names("database")["lakehouse"]
        watch = Watch(until=time.monotonic() + SECONDS, published=[(time.monotonic(), 1)])
        threads = [threading.Thread(target=_publish_each_second, args=(workspace, watch))]
        threads += [threading.Thread(target=_read, args=(person, datasets, watch)) for person in people[:CLIENTS]]
        threads += [
            threading.Thread(target=_read_slowly, args=(person, database, watch)) for person in people[CLIENTS:]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for person in people:
            person.close()
        server.stop()
        made.drop()
    waits = sorted(watch.waits)
    print(
        f"slow queries {slow}: {len(watch.published)} published, {len(waits)} requests, {sum(watch.errors.values())} errors, "
        f"{watch.stale()} stale of {len(watch.reads)}, p50 {waits[len(waits) // 2] * 1000:.0f} ms, "
        f"p95 {waits[int(len(waits) * 0.95)] * 1000:.0f} ms"
    )
    assert not watch.errors
    assert watch.stale() == 0
    assert len(watch.published) > 10
    assert len({got for _, _, got in watch.reads}) > 10
