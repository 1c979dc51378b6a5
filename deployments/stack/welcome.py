"""What a person needs to know once the stack runs: addresses, names, and in which files the passwords lie.

Invariant: file names only; no secret is read here.
"""

from __future__ import annotations

from deployments.stack.layout import Layout


def welcome(layout: Layout) -> list[str]:
    """The lines to print."""
    values, people = layout.values, layout.secrets / "people"
    rows = (
        ("dashboards", values["superset_url"], "Superset, as admin", people / "superset_admin_password"),
        ("flow runs", values["prefect_url"], "Prefect; user and password in one line", people / "prefect_auth_string"),
        ("reports", values["site_url"], "trading days, Data Docs, dbt docs", None),
        ("upload to", values["minio_url"], "S3, bucket textfixlogs, as fixlake-uploader", people / "uploader_secret_key"),
        ("buckets", f"http://{values['host']}:{values['minio_console_port']}", "MinIO, as fixlake-reader", people / "reader_secret_key"),
    )  # fmt: skip
    home = layout.settings.home
    demo = (
        ["the demo's logs are being read: its dashboards fill in about a minute", ""] if values["demo"] == "1" else []
    )
    return [
        "",
        "everything runs:",
        *(f"  {name:10}  {url:28}  {what}" + (f", key in {file}" if file else "") for name, url, what, file in rows),
        "",
        *demo,
        f"fixlake stack status --home {home}    how each service is",
        f"fixlake stack logs -f --home {home}   what they say",
        f"fixlake stack down --home {home}      stop everything; the data stay",
    ]
