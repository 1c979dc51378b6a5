"""Options that several verbs share, spelled and explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Home = Annotated[
    Path | None,
    typer.Option("--home", help="Folder for everything kept locally.", show_default="FIXLAKE_HOME, else ./lakehouse"),
]
Landing = Annotated[
    str | None,
    typer.Option(
        "--landing",
        help="Folder or s3://bucket/prefix that logs are dropped into.",
        show_default="FIXLAKE_LANDING_URI, else HOME/textfixlogs",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Timezone = Annotated[
    str | None,
    typer.Option("--timezone", help="IANA zone of the clock of log lines.", show_default="FIXLAKE_TIMEZONE"),
]
Sources = Annotated[
    Path | None,
    typer.Option("--sources", help="TOML file that declares sources.", show_default="FIXLAKE_SOURCES"),
]
Profile = Annotated[str | None, typer.Option("--profile", help="Read lines as this profile of the sources file says.")]
LogFiles = Annotated[list[Path], typer.Argument(help="Log files, compressed or not; - reads standard input.")]
