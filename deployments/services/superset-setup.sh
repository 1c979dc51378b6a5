#!/usr/bin/env bash
# Superset's metadata, its roles, its admin and every asset, brought up to what the files say. Once, before superset.sh.
set -euo pipefail
. "$(dirname "$0")/superset_environment.sh"
exec python -m deployments.superset.setup "$FIXLAKE_PROJECT/deployments/superset/assets"
