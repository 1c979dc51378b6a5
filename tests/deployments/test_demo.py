from pathlib import Path

import pytest

from deployments.demo import upload_demo
from fix_transforms.lake.locations import Location, S3Access


@pytest.fixture
def landing(tmp_path: Path) -> Location:
    return Location.parse(str(tmp_path / "landing"), S3Access())


def test_a_second_start_uploads_nothing_again(landing: Location) -> None:
    first = upload_demo(landing, messages=300, seed=1)
    assert first[0] == first[1] > 0
    written = {path: path.stat().st_mtime_ns for path in landing.path.rglob("*.log")}
    assert len(written) == first[1]

    assert upload_demo(landing, messages=300, seed=1) == (0, first[1])
    assert {path: path.stat().st_mtime_ns for path in landing.path.rglob("*.log")} == written


def test_a_log_that_is_missing_is_uploaded_again(landing: Location) -> None:
    upload_demo(landing, messages=300, seed=1)
    one = next(landing.path.rglob("*.log"))
    content = one.read_bytes()
    one.unlink()

    assert upload_demo(landing, messages=300, seed=1)[0] == 1
    assert one.read_bytes() == content
