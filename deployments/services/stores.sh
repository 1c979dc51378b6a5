#!/usr/bin/env bash
# Buckets, users and policies in MinIO; roles and databases in PostgreSQL. Once, before everything that needs them.
set -euo pipefail
cd "$FIXLAKE_PROJECT"
exec "$FIXLAKE_PYTHON" -m deployments.stores
