#!/usr/bin/env bash
# Superset behind gunicorn, which binds to FIXLAKE_BIND and FIXLAKE_SUPERSET_PORT by its configuration.
set -euo pipefail
. "$(dirname "$0")/superset_environment.sh"
exec gunicorn --config "$FIXLAKE_PROJECT/deployments/superset/gunicorn_conf.py" "superset.app:create_app()"
