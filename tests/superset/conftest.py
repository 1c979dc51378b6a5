from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.superset.bundles import good_bundle, write_bundle, write_database
from tests.superset.client import Person
from tests.superset.installation import Installation

VIEWER = ("desk", "desk-password-of-tests")


@pytest.fixture(scope="session")
def first_installation(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Superset set up from nothing with the good bundle. Not served: others copy its metadata."""
    made = Installation.make(tmp_path_factory.mktemp("superset"), postgres_server, secrets.token_hex(32))
    done = made.run("setup", write_bundle(made.folder / "assets", good_bundle()))
    assert done.returncode == 0, done.stderr[-3000:]
    yield made
    made.drop()


def _copied(first: Installation, folder: Path) -> Installation:
    made = Installation.make(folder, first.dsn, first.password, template=first.database)
    write_bundle(made.folder / "assets", good_bundle())
    write_database(made.published / "v000001" / "lakehouse.duckdb", seq=1)
    made.publish(made.published / "v000001" / "lakehouse.duckdb")
    return made


@pytest.fixture
def installation(first_installation: Installation, tmp_path: Path) -> Iterator[Installation]:
    """Superset with the good bundle imported and one snapshot published; the test's own, not served."""
    made = _copied(first_installation, tmp_path / "superset")
    yield made
    made.drop()


@pytest.fixture(scope="module")
def served(first_installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The same, served by gunicorn."""
    made = _copied(first_installation, tmp_path_factory.mktemp("served") / "superset")
    server = made.start(SUPERSET_LOGIN_LIMIT="1000 per minute")
    try:
        yield made
    finally:
        server.stop()
        made.drop()


@pytest.fixture(scope="module")
def people(served: Installation) -> Iterator[Callable[[], Person]]:
    """Makes people who have not logged in."""
    known: list[Person] = []

    def person() -> Person:
        known.append(Person(served.url))
        return known[-1]

    yield person
    for each in known:
        each.close()


@pytest.fixture(scope="module")
def admin(served: Installation, people: Callable[[], Person]) -> Person:
    person = people()
    assert person.log_in("admin", served.secret("admin_password"))
    return person


@pytest.fixture(scope="module")
def viewer(admin: Person, people: Callable[[], Person]) -> Person:
    """Somebody at a desk, whom the administrator let in."""
    roles = admin.get("/api/v1/security/roles/", params={"q": "(page_size:100)"}).json()["result"]
    role = next(role["id"] for role in roles if role["name"] == "Viewer")
    name, password = VIEWER
    body = {
        "username": name, "password": password, "first_name": "Desk", "last_name": "User",
        "email": "desk@localhost", "active": True, "roles": [role],
    }  # fmt: skip
    made = admin.send("POST", "/api/v1/security/users/", body)
    assert made.status_code == 201, made.text
    person = people()
    assert person.log_in(name, password)
    return person
