"""Everything that is committed but derived: written by ``fixlake tables generate``, compared by ``--check``.

Invariant: a file named here is never edited by hand; ``make check`` fails when one differs from what the
declarations and the FIX dictionary say.
"""

from __future__ import annotations

from pathlib import Path

from fix_transforms.tables import TABLES
from fix_transforms.tables.render.to_dbt import render_sources
from fix_transforms.tables.render.to_docs import render_page
from fix_transforms.tables.render.to_seeds import render_seeds

SOURCES = "dbt/models/00_landing_fix/_lake__sources.yml"
PAGES = "docs/tables"
SEEDS = "dbt/seeds"


def rendered() -> dict[str, str]:
    """Path from the project's root → content, for every derived file."""
    return {
        SOURCES: render_sources(TABLES),
        **{f"{PAGES}/{table.name}.md": render_page(table) for table in TABLES},
        **{f"{SEEDS}/{name}": content for name, content in render_seeds().items()},
    }


def drifted(root: Path) -> list[str]:
    """The derived files under ``root`` that are missing, differ, or are no longer derived from anything."""
    wanted = rendered()
    differing = [path for path, content in wanted.items() if not _holds(root / path, content)]
    orphans = [path for path in _present(root) if path not in wanted]
    return sorted(differing + orphans)


def write(root: Path) -> list[str]:
    """Bring the derived files up to date; returns those that changed."""
    changed = drifted(root)
    wanted = rendered()
    for path in changed:
        if path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(wanted[path], encoding="utf-8")
        else:
            (root / path).unlink()
    return changed


def _holds(path: Path, content: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == content


def _present(root: Path) -> list[str]:
    found = [*(root / PAGES).glob("*.md"), *(root / SEEDS).glob("*.csv")]
    return [path.relative_to(root).as_posix() for path in found]
