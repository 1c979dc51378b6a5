"""Configuration of Superset, read once per process from the environment and from the secret files.

Invariant: no secret stands in the environment, no data is cached (a new snapshot shows with the next query), nothing
in a page comes from another host, and whoever has not logged in sees the login page only.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from deployments.superset.analytics import Analytics, only_our_database
from deployments.superset.hardening import harden, limit_queries
from deployments.superset.sql_guard import read_only_sql

_ENVIRONMENT = os.environ
_HOME = Path(_ENVIRONMENT["SUPERSET_HOME"])
_TLS = _ENVIRONMENT.get("SUPERSET_TLS") == "1"


def _secret(name: str) -> str:
    return (Path(_ENVIRONMENT["FIXLAKE_SECRETS"]) / name).read_text(encoding="utf-8").strip()


def _derived(purpose: str) -> str:
    """A key for one purpose, so that a token made for one is worth nothing for another."""
    return hmac.new(SECRET_KEY.encode(), purpose.encode(), hashlib.sha256).hexdigest()


# ---- secrets and metadata ----

SECRET_KEY = _secret("secret_key")
GUEST_TOKEN_JWT_SECRET = _derived("guest tokens")
GLOBAL_ASYNC_QUERIES_JWT_SECRET = _derived("asynchronous queries")
SQLALCHEMY_DATABASE_URI = (
    f"postgresql+psycopg2://{quote(_ENVIRONMENT.get('SUPERSET_DATABASE_USER', 'superset'))}"
    f":{quote(_secret('database_password'), safe='')}"
    f"@{_ENVIRONMENT['FIXLAKE_POSTGRES_HOST']}:{_ENVIRONMENT['FIXLAKE_POSTGRES_PORT']}"
    f"/{quote(_ENVIRONMENT.get('SUPERSET_DATABASE', 'superset'))}"
)
SQLALCHEMY_EXAMPLES_URI = None

# ---- what it reads: the published snapshot, and nothing else ----

QUERY_SECONDS = float(_ENVIRONMENT.get("SUPERSET_QUERY_SECONDS", "45"))
_ANALYTICS = Analytics(
    published=Path(_ENVIRONMENT["FIXLAKE_PUBLISHED"]),
    assets=Path(_ENVIRONMENT.get("SUPERSET_ASSETS", Path(__file__).with_name("assets"))),
    scratch=_HOME / "empty",
    memory_limit=_ENVIRONMENT.get("SUPERSET_DUCKDB_MEMORY", "1GB"),
    threads=int(_ENVIRONMENT.get("SUPERSET_DUCKDB_THREADS", "2")),
)
DB_CONNECTION_MUTATOR = _ANALYTICS.mutate_connection
DB_SQLA_URI_VALIDATOR = only_our_database
SQL_QUERY_MUTATOR = read_only_sql
PREVENT_UNSAFE_DB_CONNECTIONS = True
FLASK_APP_MUTATOR = harden
limit_queries(QUERY_SECONDS)

# ---- caches: none for data ----

CACHE_CONFIG = {"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True}
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache", "CACHE_NO_NULL_WARNING": True}

# ---- limits ----

ROW_LIMIT = 10_000
SQL_MAX_ROW = 50_000
DISPLAY_MAX_ROW = 10_000
SUPERSET_WEBSERVER_TIMEOUT = 60
SQLLAB_TIMEOUT = 60
RATELIMIT_ENABLED = True
#: One dashboard asks for some twenty charts at once, and all desks may come through one proxy.
RATELIMIT_APPLICATION = "300 per second"
RATELIMIT_STORAGE_URI = "memory://"
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = _ENVIRONMENT.get("SUPERSET_LOGIN_LIMIT", "30 per minute")

# ---- features: off unless we use them ----

FEATURE_FLAGS = {
    "ALERT_REPORTS": False,
    "ALLOW_ADHOC_SUBQUERY": False,
    "DASHBOARD_RBAC": False,
    "DYNAMIC_PLUGINS": False,
    "EMBEDDABLE_CHARTS": False,
    "EMBEDDED_SUPERSET": False,
    "ENABLE_JAVASCRIPT_CONTROLS": False,
    "ENABLE_SUPERSET_META_DB": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "ESCAPE_MARKDOWN_HTML": True,
    "SSH_TUNNELING": False,
    "THUMBNAILS": False,
}
FAB_API_SWAGGER_UI = False
ENABLE_UI_THEME_ADMINISTRATION = False
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
ENABLE_CORS = False
LANGUAGES: dict[str, dict[str, str]] = {}
ALLOWED_EXTENSIONS: set[str] = set()
DATASET_IMPORT_ALLOWED_DATA_URLS: list[str] = []
HTML_SANITIZATION = True
#: Where the reports on data quality and the tables' documentation are, as the browser sees it.
DOCUMENTATION_URL = _ENVIRONMENT.get("FIXLAKE_SITE_URL") or None
DOCUMENTATION_TEXT = "Data quality reports and tables"

# ---- who may come in ----

PUBLIC_ROLE_LIKE = None
AUTH_USER_REGISTRATION = False
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _TLS
REMEMBER_COOKIE_HTTPONLY = True
REMEMBER_COOKIE_SAMESITE = "Lax"
REMEMBER_COOKIE_SECURE = _TLS
PERMANENT_SESSION_LIFETIME = timedelta(hours=12)
#: Only behind a proxy of ours: otherwise a client could say who it is.
ENABLE_PROXY_FIX = _ENVIRONMENT.get("SUPERSET_BEHIND_PROXY") == "1"

# ---- what a page may do, and what it may tell ----

TALISMAN_ENABLED = True
# The default without its third-party hosts. A counting pixel is built into the pages, whatever the server's
# environment says: this policy is what stops it.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'", "data:"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "object-src": "'none'",
        "script-src": ["'self'", "'strict-dynamic'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "worker-src": ["'self'", "blob:"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": _TLS,
    "session_cookie_secure": _TLS,
}
DEBUG = False
SHOW_STACKTRACE = False
VERSION_STRING = ""
VERSION_SHA = ""
APP_NAME = "FIX Lakehouse"
FAVICONS = [{"href": "/static/assets/images/favicon.png"}]
