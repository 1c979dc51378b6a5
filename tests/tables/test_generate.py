from pathlib import Path

import yaml

from fix_transforms.tables import TABLES
from fix_transforms.tables.generate import PAGES, SEEDS, SOURCES, drifted, rendered, write
from fix_transforms.tables.render.to_dbt import render_sources

ROOT = Path(__file__).resolve().parents[2]


def test_committed_files_equal_what_the_declarations_say() -> None:
    assert drifted(ROOT) == []


def test_written_files_have_not_drifted(tmp_path: Path) -> None:
    assert sorted(write(tmp_path)) == sorted(rendered())
    assert drifted(tmp_path) == []


def test_edited_missing_and_orphaned_files_are_drift(tmp_path: Path) -> None:
    write(tmp_path)
    edited, missing, orphan = tmp_path / SOURCES, tmp_path / PAGES / "quarantine.md", tmp_path / SEEDS / "stray.csv"
    edited.write_text(edited.read_text(encoding="utf-8") + "# by hand\n", encoding="utf-8")
    missing.unlink()
    orphan.write_text("a,b\n", encoding="utf-8")
    expected = sorted(path.relative_to(tmp_path).as_posix() for path in (edited, missing, orphan))
    assert drifted(tmp_path) == expected
    assert sorted(write(tmp_path)) == expected
    assert drifted(tmp_path) == []


def test_sources_describe_every_column_of_every_table() -> None:
    tables = yaml.safe_load(render_sources(TABLES))["sources"][0]["tables"]
    declared = {table.name: list(table.column_names) for table in TABLES}
    assert {table["name"]: [column["name"] for column in table["columns"]] for table in tables} == declared
    assert all(column["description"] for table in tables for column in table["columns"])
