#!/usr/bin/env bash
# The receiver: MinIO tells it of an upload, it tells Prefect. It reads its secrets from their folder itself.
set -euo pipefail
cd "$FIXLAKE_PROJECT"
exec "$FIXLAKE_PYTHON" -m deployments.receiver
