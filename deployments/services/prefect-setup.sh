#!/usr/bin/env bash
# Everything that the Prefect server must know of us: blocks, work pool, limits, automations, deployments.
# The keys of the ingester and the maintainer go into blocks here, and from there to flow runs; no other service has them.
set -euo pipefail
. "$(dirname "$0")/read_secret.sh"

auth_string=$(secret auth_string)
ingester_secret_key=$(secret ingester_secret_key)
maintainer_secret_key=$(secret maintainer_secret_key)
mkdir -p "$PREFECT_HOME"
cd "$FIXLAKE_PROJECT"

export PREFECT_API_URL=$FIXLAKE_PREFECT_URL/api
export PREFECT_API_AUTH_STRING=$auth_string
export DO_NOT_TRACK=1
export FIXLAKE_LANDING_URI=s3://textfixlogs
export FIXLAKE_LAKE_URI=s3://parquetfixlogs
export FIXLAKE_S3_ENDPOINT=$FIXLAKE_MINIO_URL
export FIXLAKE_S3_ACCESS_KEY_ID=fixlake-ingester
export FIXLAKE_S3_SECRET_ACCESS_KEY=$ingester_secret_key
export FIXLAKE_MAINTAINER_ACCESS_KEY_ID=fixlake-maintainer
export FIXLAKE_MAINTAINER_SECRET_ACCESS_KEY=$maintainer_secret_key
if [ -e "$FIXLAKE_SECRETS/alert_webhook_url" ]; then
  FIXLAKE_ALERT_WEBHOOK_URL=$(secret alert_webhook_url)
  export FIXLAKE_ALERT_WEBHOOK_URL
fi

exec "$FIXLAKE_PYTHON" -m flows.cli prefect apply
