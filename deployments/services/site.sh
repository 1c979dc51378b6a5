#!/usr/bin/env bash
# The static site: Data Docs, dbt docs and reports.
set -euo pipefail
cd "$FIXLAKE_PROJECT"
exec "$FIXLAKE_PYTHON" -m deployments.site
