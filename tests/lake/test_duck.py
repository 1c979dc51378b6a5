from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from fix_transforms.errors import StorageError
from fix_transforms.lake.duck import EXTENSIONS, connect, extension_path, literal, statements
from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.tables import QUARANTINE

SECRET = "s3cr3t'; drop table x; --"


def test_views_show_the_live_tables(tmp_path: Path) -> None:
    write_deltalake(tmp_path / "quarantine", pl.DataFrame({"reason": ["truncated", "binary"]}))
    with connect(Location.parse(str(tmp_path), S3Access()), [QUARANTINE]) as connection:
        assert connection.execute("select reason from quarantine order by 1").fetchall() == [
            ("binary",),
            ("truncated",),
        ]


def test_folder_with_a_quote_in_its_name_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "o'brien; drop table"
    write_deltalake(folder / "quarantine", pl.DataFrame({"reason": ["truncated"]}))
    with connect(Location.parse(str(folder), S3Access()), [QUARANTINE]) as connection:
        assert connection.execute("select count(*) from quarantine").fetchone() == (1,)


def test_missing_table_is_a_storage_error_that_shows_no_secret() -> None:
    lake = Location.parse("s3://nowhere", S3Access("http://127.0.0.1:1", "us-east-1", "key", SECRET))
    with pytest.raises(StorageError) as raised:
        connect(lake, [QUARANTINE])
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_secret_is_quoted_and_the_endpoint_keeps_its_scheme() -> None:
    access = S3Access("https://store.example:9000", "eu-west-2", "key", SECRET)
    (create,) = [sql for sql in statements(Location.parse("s3://lake", access), []) if "SECRET" in sql]
    assert literal(SECRET) in create
    assert "ENDPOINT 'store.example:9000'" in create
    assert "USE_SSL true" in create


@pytest.mark.parametrize("name", EXTENSIONS)
def test_extensions_come_with_the_installation(name: str) -> None:
    assert extension_path(name).is_file()
