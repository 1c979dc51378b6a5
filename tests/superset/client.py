"""A person at Superset: logs in as a browser does, then asks what its pages ask."""

from __future__ import annotations

import re
import secrets
from typing import Any

import httpx

CSRF_FIELD = re.compile(r'id="csrf_token"\s+value="([^"]+)"')


class Person:
    """A session of its own; ``Person(url)`` has not logged in."""

    def __init__(self, url: str) -> None:
        # A connection for each request: gunicorn hangs up after one that was refused before its body was read.
        limits = httpx.Limits(max_keepalive_connections=0)
        self.http = httpx.Client(base_url=url, timeout=120, follow_redirects=False, limits=limits)
        self.headers: dict[str, str] = {}

    def log_in(self, name: str, password: str) -> bool:
        """Whether the form took them."""
        page = self.http.get("/login/").text
        token = CSRF_FIELD.search(page)
        form = {"username": name, "password": password, "csrf_token": token.group(1) if token else ""}
        self.http.post("/login/", data=form)
        if self.http.get("/api/v1/me/").status_code != 200:
            return False
        token_answer = self.http.get("/api/v1/security/csrf_token/")
        if token_answer.status_code == 200:
            self.headers = {"X-CSRFToken": token_answer.json()["result"], "Referer": str(self.http.base_url)}
        return True

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.http.get(path, **kwargs)

    def send(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.http.request(method, path, json=body, headers=self.headers)

    def names(self, kind: str) -> dict[str, int]:
        """Name → id of what this person may see."""
        name = {"chart": "slice_name", "dashboard": "dashboard_title", "dataset": "table_name"}.get(
            kind, "database_name"
        )
        answer = self.get(f"/api/v1/{kind}/", params={"q": "(page_size:100)"})
        answer.raise_for_status()
        return {entry[name]: entry["id"] for entry in answer.json()["result"]}

    def chart_data(self, dataset: int, result_format: str = "json", **query: object) -> httpx.Response:
        """What a chart on a dashboard asks for."""
        body = {
            "datasource": {"id": dataset, "type": "table"},
            "queries": [{"columns": [], "metrics": [], "row_limit": 1000, **query}],
            "result_format": result_format,
            "result_type": "full",
            "force": False,
        }
        return self.send("POST", "/api/v1/chart/data", body)

    def value(self, dataset: int, metric: str) -> object:
        """One number."""
        answer = self.chart_data(dataset, metrics=[metric])
        answer.raise_for_status()
        return answer.json()["result"][0]["data"][0][metric]

    def sql(self, database: int, sql: str, client: str = "") -> httpx.Response:
        """A query in SQL Lab."""
        body = {
            "database_id": database, "sql": sql, "schema": "marts", "runAsync": False, "queryLimit": 100,
            "client_id": client or secrets.token_hex(5), "select_as_cta": False, "tab": "a", "tmp_table_name": "",
        }  # fmt: skip
        return self.send("POST", "/api/v1/sqllab/execute/", body)
