#!/usr/bin/env bash
# The object store: S3 API, console, and a webhook that tells the receiver of every upload.
# Events are queued on disk first, so none is lost while the receiver is away.
set -euo pipefail
. "$(dirname "$0")/read_secret.sh"

root_password=$(secret root_password)
webhook_token=$(secret webhook_token)
mkdir -p "$FIXLAKE_DATA/data" "$FIXLAKE_DATA/queue"

export HOME=$FIXLAKE_DATA
export MINIO_ROOT_USER=fixlake-root
export MINIO_ROOT_PASSWORD=$root_password
export MINIO_UPDATE=off
export MINIO_NOTIFY_WEBHOOK_ENABLE_FIXLAKE=on
export MINIO_NOTIFY_WEBHOOK_ENDPOINT_FIXLAKE=$FIXLAKE_RECEIVER_URL/minio
export MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_FIXLAKE=$webhook_token
export MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_FIXLAKE=$FIXLAKE_DATA/queue

exec "$MINIO_BIN" server --quiet \
  --address "$FIXLAKE_BIND:$FIXLAKE_MINIO_PORT" --console-address "$FIXLAKE_BIND:$FIXLAKE_MINIO_CONSOLE_PORT" \
  "$FIXLAKE_DATA/data"
