"""``fixlake serve``: a local Prefect server, a worker and every deployment, until Ctrl-C."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.options import Home, Landing


def serve(
    home: Home = None,
    landing: Landing = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on 127.0.0.1.")] = 4200,
) -> None:
    """Serve the pipeline from this machine alone: Prefect's API and UI, a worker, and all deployments.

    Keeps its state under HOME/prefect, listens on the loopback address only, and stops everything it started.
    """
    from fix_transforms.settings import load_settings
    from flows.local_server import serve as serve_locally

    serve_locally(load_settings(home=home, landing_uri=landing), port, say=typer.echo)
