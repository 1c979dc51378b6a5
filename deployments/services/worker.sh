#!/usr/bin/env bash
# The worker: takes flow runs from the work pool and runs each as a process of its own.
# It has no key of the stores: a flow run gets those from the blocks on the Prefect server.
set -euo pipefail
. "$(dirname "$0")/read_secret.sh"

auth_string=$(secret auth_string)
ledger_password=$(secret ledger_database_password)
mkdir -p "$FIXLAKE_HOME" "$PREFECT_HOME"
cd "$FIXLAKE_PROJECT"

export PREFECT_API_URL=$FIXLAKE_PREFECT_URL/api
export PREFECT_API_AUTH_STRING=$auth_string
# For links to runs, which a browser must be able to follow.
export PREFECT_UI_URL=$FIXLAKE_PREFECT_UI_URL
export DO_NOT_TRACK=1
# How soon an upload is seen: the default of ten seconds would be most of the wait.
export PREFECT_WORKER_QUERY_SECONDS=${PREFECT_WORKER_QUERY_SECONDS:-1}
# Taken up early, a poll that is not yet due would hold the only slot while an upload waits for it.
export PREFECT_WORKER_PREFETCH_SECONDS=0
# What tells a run that is at work from one whose process is gone.
export PREFECT_FLOWS_HEARTBEAT_FREQUENCY=30
export FIXLAKE_LEDGER_DSN=postgresql://ledger:$ledger_password@$FIXLAKE_POSTGRES_HOST:$FIXLAKE_POSTGRES_PORT/fix_db
if [ "${FIXLAKE_DEMO:-}" = 1 ]; then
  # Simulated engines break rules as real ones do, and the dashboards show which.
  export FIXLAKE_VALIDATE_MESSAGES=${FIXLAKE_VALIDATE_MESSAGES:-true}
fi
if [ -e "$FIXLAKE_SECRETS/mask_key" ]; then
  FIXLAKE_MASK_KEY=$(secret mask_key)
  export FIXLAKE_MASK_KEY
fi

if [ -n "${FIXLAKE_COMPILED:-}" ]; then
  # The compiled decoder of an image nobody can write to: numba uses a folder only where it may add to it.
  export NUMBA_CACHE_DIR=$FIXLAKE_HOME/compiled
  mkdir -p "$NUMBA_CACHE_DIR"
  cp -Rn "$FIXLAKE_COMPILED/." "$NUMBA_CACHE_DIR"
fi

exec "$FIXLAKE_PYTHON" -m prefect worker start --pool fixlake --name "${FIXLAKE_WORKER_NAME:-worker}" \
  --no-create-pool-if-not-found
