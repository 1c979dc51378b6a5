#!/usr/bin/env bash
# A first landing to look at: simulated logs, uploaded with the uploader's key as any client would. Only if asked.
set -euo pipefail
. "$(dirname "$0")/read_secret.sh"

if [ "${FIXLAKE_DEMO:-}" != 1 ]; then
  echo "no demo: FIXLAKE_DEMO is not 1"
  exit 0
fi
uploader_secret_key=$(secret uploader_secret_key)
cd "$FIXLAKE_PROJECT"
export FIXLAKE_UPLOADER_SECRET_KEY=$uploader_secret_key
exec "$FIXLAKE_PYTHON" -m deployments.demo
