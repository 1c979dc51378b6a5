"""The tree keeps the rules that its layout promises."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("fix_transforms", "expectations", "flows", "deployments")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}

#: Module → the only folders (or files) that may import it.
ONLY_IN = {
    "deltalake": ("fix_transforms/lake/",),
    "minio": (
        "fix_transforms/lake/",
        "deployments/stores/",
        "deployments/services/minio_server.py",
        "deployments/demo.py",
    ),
    "obstore": ("fix_transforms/lake/", "deployments/demo.py"),
    "psycopg": ("fix_transforms/lake/", "deployments/stores/"),
    "prefect": ("flows/",),
    "supervisor": ("deployments/stack/",),
    "superset": ("deployments/superset/",),
    "prefect_aws": ("flows/",),
    "prefect_dbt": ("flows/",),
    "great_expectations": ("expectations/",),
    "dbt": ("fix_transforms/marts/", "flows/"),
    "numba": ("fix_transforms/fix/scanner/",),
    "llvmlite": ("fix_transforms/fix/scanner/",),
    "simplefix": ("fix_transforms/fix/reference.py",),
}

#: Folder → what nothing in it may import.
NEVER = {
    "fix_transforms/fix/": ("fix_transforms.lake", "fix_transforms.marts", "expectations", "flows"),
    "fix_transforms/tables/": ("fix_transforms.lake", "fix_transforms.marts", "expectations", "flows"),
    "fix_transforms/": ("expectations", "flows", "deployments"),
    "expectations/": ("flows", "deployments"),
    "deployments/": ("expectations", "flows"),
    # In Superset's own environment there is nothing of the project; the installer runs outside of it.
    "deployments/superset/importer/": ("fix_transforms",),
}


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("library", ONLY_IN)
def test_library_is_imported_only_where_it_belongs(library: str) -> None:
    strays = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if any(within(name, library) for name in imports(path))
        and not path.relative_to(ROOT).as_posix().startswith(ONLY_IN[library])
    ]
    assert strays == []


@pytest.mark.parametrize("folder", NEVER)
def test_imports_point_one_way(folder: str) -> None:
    strays = [
        f"{path.relative_to(ROOT).as_posix()} imports {name}"
        for path in modules()
        if path.relative_to(ROOT).as_posix().startswith(folder)
        for name in imports(path)
        for banned in NEVER[folder]
        if within(name, banned)
    ]
    assert strays == []


def test_only_settings_and_programs_read_the_environment_for_configuration() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in modules()
        if "os.getenv" in path.read_text(encoding="utf-8") or "environ.get(" in path.read_text(encoding="utf-8")
    ]
    # Superset's configuration is a module by Superset's rules; what is started by itself has nobody to be told by.
    programs = ("/__main__.py", "superset/gunicorn_conf.py", "superset/superset_config.py", "superset/import_assets.py")
    assert [reader for reader in readers if not (reader.startswith("deployments/") and reader.endswith(programs))] == []


def test_dbt_folder_holds_no_python() -> None:
    assert list((ROOT / "dbt").rglob("*.py")) == []


def test_nothing_at_the_top_is_taken_for_a_dbt_plugin() -> None:
    assert list(ROOT.glob("dbt_*")) == []


def test_tests_hold_no_package_marker() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_flow_modules_shadow_no_package() -> None:
    taken = {path.name for path in ROOT.iterdir() if path.is_dir()} | {
        "prefect",
        "dbt",
        "deltalake",
        "polars",
        "duckdb",
    }
    assert [path.stem for path in (ROOT / "flows").glob("*.py") if path.stem in taken] == []


def test_no_module_has_a_vague_name() -> None:
    assert [str(path) for path in modules() if path.stem in VAGUE] == []


def test_no_module_is_longer_than_500_lines() -> None:
    assert [str(path) for path in modules() if len(path.read_text(encoding="utf-8").splitlines()) > 500] == []


def test_every_module_says_what_it_is_for_first() -> None:
    assert [str(path) for path in modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []


def test_table_modules_are_one_declaration() -> None:
    machinery = {"__init__", "columns", "generate", "spec"}
    for path in (ROOT / "fix_transforms/tables").glob("*.py"):
        if path.stem not in machinery:
            body = ast.parse(path.read_text(encoding="utf-8")).body
            kinds = [type(node).__name__ for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]
            assert kinds == ["Expr", "Assign"], path
