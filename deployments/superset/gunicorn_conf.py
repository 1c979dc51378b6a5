"""Gunicorn's settings for Superset.

Threads, because a query waits in DuckDB without holding the interpreter; two processes, so that one that is busy with
drawing up a large answer does not hold up every desk.
"""

from __future__ import annotations

import os

import gunicorn.http.wsgi

bind = f"{os.environ.get('FIXLAKE_BIND', '127.0.0.1')}:{os.environ.get('FIXLAKE_SUPERSET_PORT', '8088')}"
workers = int(os.environ.get("SUPERSET_WORKERS", "2"))
threads = int(os.environ.get("SUPERSET_THREADS", "8"))
worker_class = "deployments.superset.punctual_worker.PunctualWorker"
# Superset's own limit (SUPERSET_WEBSERVER_TIMEOUT) and a little: a worker that gives no sign of life is replaced.
timeout = 75
graceful_timeout = 20
keepalive = 5
# A fresh process now and then, never both at once.
max_requests = 20_000
max_requests_jitter = 5_000
limit_request_line = 8190
# It would lie in the home of whoever starts this, where the next stack's takes its place.
control_socket_disable = True
accesslog = "-"
errorlog = "-"
# Without the query string, which holds what people filter by, and without the page they came from.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'

gunicorn.http.wsgi.SERVER = "fixlake"
