from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from fix_transforms.lake.apply import apply
from fix_transforms.lake.batches import decide, pending_batches
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.marts.build import BuildReport, build
from fix_transforms.marts.environment import database_path
from fix_transforms.settings import load_settings
from fix_transforms.workspace import Workspace


def _fix_message(
    msg_type: str,
    sender: str,
    target: str,
    seq_num: int,
    sent_at: str,
    *fields: tuple[int, object],
    version: str = "FIX.4.4",
    header: Iterable[tuple[int, object]] = (),
) -> bytes:
    body = b"".join(
        f"{tag}={value}\x01".encode()
        for tag, value in [(35, msg_type), (34, seq_num), (49, sender), (52, sent_at), (56, target), *header, *fields]
    )
    framed = f"8={version}\x019={len(body)}\x01".encode() + body
    return framed + f"10={sum(framed) % 256:03d}\x01".encode()


@dataclass
class House:
    workspace: Workspace

    @property
    def lake(self) -> Lake:
        return Lake(self.workspace.lake)

    def land(self, key: str, messages: Iterable[bytes]) -> None:
        path = self.workspace.landing.path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(message + b"\n" for message in messages))

    def ingest(self, decision: str = "passed") -> tuple[str, ...]:
        report = ingest(self.workspace, discover(self.workspace))
        for batch_id in pending_batches(self.lake):
            decide(self.lake, batch_id, decision, "test", "because the test says so")
        return report.batch_ids

    def build(self, **options: bool) -> BuildReport:
        return build(self.workspace, **options)

    def rows(self, sql: str) -> list[dict[str, object]]:
        import duckdb

        with duckdb.connect(str(database_path(self.workspace.settings)), read_only=True) as connection:
            connection.execute(
                'SET search_path = \'"03_KPI_fix","03_analytics","02_intermediate_fix","000_monitoring"\''
            )
            return connection.execute(sql).pl().to_dicts()

    def tables(self) -> dict[str, pl.DataFrame]:
        import duckdb

        with duckdb.connect(str(database_path(self.workspace.settings)), read_only=True) as connection:
            names = connection.execute(
                "select schema_name, table_name from duckdb_tables() where not regexp_matches(table_name, '_changes$')"
            ).fetchall()
            return {
                f"{schema}.{name}": connection.execute(f'select * from "{schema}"."{name}" order by all').pl()
                for schema, name in names
            }


@pytest.fixture(scope="session")
def fix_message() -> Callable[..., bytes]:
    return _fix_message


@pytest.fixture(scope="module")
def new_house(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], House]:
    def make() -> House:
        house = House(Workspace.from_settings(load_settings(home=tmp_path_factory.mktemp("house"))))
        Path(house.workspace.landing.uri).mkdir(parents=True, exist_ok=True)
        apply(house.lake)
        return house

    return make
