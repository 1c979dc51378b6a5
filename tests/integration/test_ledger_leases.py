import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from fix_transforms.errors import BusyError, LedgerError
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.landing import LandedObject
from fix_transforms.lake.ledger import Ledger
from fix_transforms.lake.locks import maintenance_lock
from fix_transforms.lake.reconcile import reconcile
from fix_transforms.settings import Settings
from fix_transforms.tables import FIX_MESSAGES
from fix_transforms.workspace import Workspace

pytestmark = pytest.mark.integration

Land = Callable[[Workspace, str, bytes], None]
FixLog = Callable[..., bytes]


def objects(count: int) -> list[LandedObject]:
    when = datetime(2024, 1, 2, tzinfo=UTC)
    return [LandedObject("b", f"{number}.log", None, f'"{number}"', 1, when) for number in range(count)]


def states(dsn: str) -> dict[str, str]:
    with Ledger(dsn) as ledger:
        return {row["object_key"]: row["state"] for row in ledger.rows().values()}


def eventually(probe: Callable[[], Any]) -> Any:
    """What the probe finds once it finds something: a server needs a moment to see that a session has ended."""
    deadline = time.monotonic() + 60
    while not (found := probe()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture
def leased(make_settings: Callable[..., Settings], postgres: str) -> Workspace:
    return Workspace.from_settings(make_settings(ledger_dsn=postgres))


def test_each_file_is_leased_to_one_worker_only(postgres: str) -> None:
    wanted = objects(60)
    with Ledger(postgres) as ledger:
        ledger.register(wanted)
    all_four = threading.Barrier(4)

    def claim(owner: int) -> frozenset[str]:
        with Ledger(postgres) as ledger:
            all_four.wait()
            claimed = ledger.claim([landed.file_id for landed in wanted], f"worker {owner}", 60)
            # Who leaves has no lease any more.
            all_four.wait()
            return claimed

    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(claim, range(4)))
    assert sum(map(len, claims)) == len(frozenset().union(*claims)) == 60


def test_lease_that_ran_out_goes_to_the_next_and_one_that_was_renewed_does_not(postgres: str) -> None:
    short, renewed = objects(2)
    ids = [short.file_id, renewed.file_id]
    with Ledger(postgres) as ledger:
        ledger.register([short, renewed])
        assert ledger.claim(ids, "first", 0) == set(ids)
        ledger.renew([renewed.file_id], "first", 60)
        assert ledger.claim(ids, "second", 60) == {short.file_id}
        ledger.release(ids, "first")
        assert ledger.claim(ids, "third", 60) == {renewed.file_id}


def test_only_the_holder_can_fail_a_file(postgres: str) -> None:
    (landed,) = objects(1)
    with Ledger(postgres) as ledger:
        ledger.register([landed])
        ledger.claim([landed.file_id], "holder", 60)
        ledger.fail([landed.file_id], "somebody else", "no")
        assert ledger.rows()[landed.file_id]["state"] == "claimed"
        ledger.fail([landed.file_id], "holder", "cannot be read")
        row = ledger.rows()[landed.file_id]
        assert (row["state"], row["last_error"], row["attempts"], row["lease_owner"]) == (
            "failed",
            "cannot be read",
            1,
            None,
        )


def test_registering_again_changes_nothing(postgres: str) -> None:
    with Ledger(postgres) as ledger:
        ledger.register(objects(2))
        ledger.claim([objects(1)[0].file_id], "holder", 60)
        ledger.register(objects(3))
        assert sorted(row["state"] for row in ledger.rows().values()) == ["claimed", "discovered", "discovered"]


def test_workers_that_create_the_table_at_once_all_succeed(postgres: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for ledger in pool.map(lambda _: Ledger(postgres), range(4)):
            ledger.close()


def test_ledger_shows_what_became_of_each_file(leased: Workspace, postgres: str, land: Land, fix_log: FixLog) -> None:
    land(leased, "a'; DROP TABLE processed_files.log", fix_log(3))
    land(leased, "empty.log", b"")
    ingest(leased, discover(leased))
    with Ledger(postgres) as ledger:
        rows = {row["object_key"]: row for row in ledger.rows().values()}
    row = rows["a'; DROP TABLE processed_files.log"]
    assert (row["state"], row["status"], row["messages"], row["attempts"]) == ("committed", "ingested", 3, 1)
    assert row["delta_version"] == Lake(leased.lake).open(FIX_MESSAGES).version()
    assert rows["empty.log"]["status"] == "empty"


def test_file_that_another_worker_holds_is_left_to_it(
    leased: Workspace, postgres: str, land: Land, fix_log: FixLog
) -> None:
    land(leased, "theirs.log", fix_log(1))
    land(leased, "free.log", fix_log(1))
    found = discover(leased)
    theirs = [landed for landed in found if landed.key == "theirs.log"]
    with Ledger(postgres) as ledger:
        ledger.register(theirs)
        ledger.claim([theirs[0].file_id], "another worker", 60)
        assert ingest(leased, found).files == 1
        ledger.release([theirs[0].file_id], "another worker")
    assert ingest(leased, discover(leased)).files == 1


def test_orphan_of_a_worker_that_lives_is_left_to_it_and_of_a_dead_one_is_finished(
    leased: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: Callable[..., object],
    postgres: str,
) -> None:
    land(leased, "a.log", fix_log(2))
    process = start_ingest(leased, failpoint="committed_ingested_files", lease_seconds=600)
    process.communicate(timeout=60)  # type: ignore[attr-defined]
    with Ledger(postgres) as alive:
        (orphan,) = alive.rows()
        assert alive.claim([orphan], "another worker", 600) == {orphan}
        assert ingest(leased, ()).files == 0
    assert eventually(lambda: ingest(leased, ()).files) == 1


def test_lease_of_a_worker_that_was_killed_is_free_at_once(postgres: str) -> None:
    (landed,) = objects(1)
    with Ledger(postgres) as killed, Ledger(postgres) as living:
        living.register([landed])
        assert killed.claim([landed.file_id], "killed", 600) == {landed.file_id}
        assert living.claim([landed.file_id], "living", 600) == frozenset()
        killed.close()
        assert eventually(lambda: living.claim([landed.file_id], "living", 600)) == {landed.file_id}


def test_two_workers_with_a_ledger_ingest_each_file_once(
    leased: Workspace,
    land: Land,
    fix_log: FixLog,
    start_ingest: Callable[..., object],
    assert_exactly_once: Callable[..., None],
) -> None:
    expected = {f"{number}.log": 2 for number in range(8)}
    for number, key in enumerate(expected):
        land(leased, key, fix_log(2, first=10 * number))
    # Leases that run out at once: what they spare is gone, what Delta promises is not.
    workers = [start_ingest(leased, failpoint="*:delay", max_batch_files=3, lease_seconds=1) for _ in range(2)]
    for worker in workers:
        output, _ = worker.communicate(timeout=120)  # type: ignore[attr-defined]
        assert worker.returncode == 0, output  # type: ignore[attr-defined]
    ingest(leased, discover(leased))
    assert_exactly_once(leased, expected)


def test_emptied_ledger_is_rebuilt_from_the_lake(leased: Workspace, postgres: str, land: Land, fix_log: FixLog) -> None:
    land(leased, "a.log", fix_log(3))
    land(leased, "b.log", fix_log(1))
    ingest(leased, discover(leased))
    land(leased, "new.log", fix_log(1))
    with psycopg.connect(postgres) as connection:
        connection.execute("TRUNCATE processed_files")
    report = reconcile(leased)
    assert report.ledger is not None
    assert (report.ledger.missing, report.ledger.added) == (2, 1)
    assert states(postgres) == {"a.log": "committed", "b.log": "committed", "new.log": "discovered"}
    again = reconcile(leased).ledger
    assert again is not None
    assert (again.missing, again.stale, again.unfounded, again.vanished, again.added) == (0, 0, 0, 0, 0)


def test_ledger_that_is_wrong_is_put_right_and_never_believed(
    leased: Workspace, postgres: str, land: Land, fix_log: FixLog, assert_exactly_once: Callable[..., None]
) -> None:
    land(leased, "done.log", fix_log(3))
    ingest(leased, discover(leased))
    land(leased, "open.log", fix_log(2))
    with Ledger(postgres) as ledger:
        ledger.register([*discover(leased), *objects(1)])
    with psycopg.connect(postgres) as connection:
        connection.execute("UPDATE processed_files SET state = 'failed', messages = 99 WHERE object_key = 'done.log'")
        connection.execute("UPDATE processed_files SET state = 'committed' WHERE object_key = 'open.log'")
    report = reconcile(leased).ledger
    assert report is not None
    assert (report.missing, report.stale, report.unfounded, report.vanished) == (0, 1, 1, 1)
    assert states(postgres) == {"done.log": "committed", "open.log": "discovered"}
    with psycopg.connect(postgres) as connection:
        connection.execute("UPDATE processed_files SET state = 'committed'")
    assert ingest(leased, discover(leased)).files == 1
    assert_exactly_once(leased, {"done.log": 3, "open.log": 2})


def test_worker_killed_before_it_marked_the_ledger_costs_nothing(
    leased: Workspace,
    postgres: str,
    land: Land,
    fix_log: FixLog,
    start_ingest: Callable[..., object],
    assert_exactly_once: Callable[..., None],
) -> None:
    land(leased, "a.log", fix_log(2))
    process = start_ingest(leased, failpoint="before_mark")
    process.communicate(timeout=60)  # type: ignore[attr-defined]
    assert states(postgres) == {"a.log": "claimed"}
    assert discover(leased) == ()
    assert_exactly_once(leased, {"a.log": 2})
    assert states(postgres) == {"a.log": "committed"}


def test_maintenance_lock_holds_for_every_machine_with_that_ledger(leased: Workspace) -> None:
    with maintenance_lock(leased), pytest.raises(BusyError), maintenance_lock(leased):
        pass
    with maintenance_lock(leased):
        pass


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://fixlake:very-secret@127.0.0.1:9/none",
        "host=127.0.0.1 port=9 password=very-secret",
        "postgresql://fixlake:very-secret@[broken/none",
    ],
)
def test_unreachable_ledger_is_an_error_without_the_password(dsn: str) -> None:
    with pytest.raises(LedgerError) as caught:
        Ledger(dsn)
    assert "very-secret" not in str(caught.value)
    assert caught.value.__cause__ is None
