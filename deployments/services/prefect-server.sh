#!/usr/bin/env bash
# Prefect's API and UI, on PostgreSQL, for nobody without the password.
set -euo pipefail
. "$(dirname "$0")/read_secret.sh"

auth_string=$(secret auth_string)
database_password=$(secret database_password)
encryption_key=$(secret encryption_key)
mkdir -p "$PREFECT_HOME"
cd "$PREFECT_HOME"

export PREFECT_SERVER_API_AUTH_STRING=$auth_string
export PREFECT_API_DATABASE_CONNECTION_URL=postgresql+asyncpg://prefect:$database_password@$FIXLAKE_POSTGRES_HOST:$FIXLAKE_POSTGRES_PORT/prefect
# What blocks hold is encrypted with this; Prefect's own would lie in the same database.
export PREFECT_SERVER_ENCRYPTION_KEY=$encryption_key
export PREFECT_SERVER_ANALYTICS_ENABLED=false
export DO_NOT_TRACK=1
# In memory, the default, a restart forgets who holds a deployment's only slot, and no poll gets it again.
export PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE=prefect.server.concurrency.lease_storage.filesystem
# A run that waits for another one tries again after so long; the default of 30 s would be most of an upload's way.
export PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS=2
# How long a run's silence is remembered after it should have been acted on. After the default of a minute a server that
# was down meanwhile forgets a dead run without a word, and shows it as running for ever.
export PREFECT_SERVER_EVENTS_EXPIRED_BUCKET_BUFFER=PT15M
export PREFECT_UI_URL=$FIXLAKE_PREFECT_UI_URL
export PREFECT_UI_API_URL=$FIXLAKE_PREFECT_UI_URL/api
export PREFECT_UI_STATIC_DIRECTORY=$PREFECT_HOME/ui
export PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT=false

exec "$FIXLAKE_PYTHON" -m prefect server start --host "$FIXLAKE_BIND" --port "$FIXLAKE_PREFECT_PORT"
