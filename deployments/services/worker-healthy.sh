#!/usr/bin/env bash
# Whether the Prefect server sees this worker online.
set -euo pipefail
. "$(dirname "$0")/read_secret.sh"

host=${FIXLAKE_PREFECT_URL#http://}
credentials=$(secret auth_string | base64 -w 0)
question='{"workers": {"status": {"any_": ["ONLINE"]}}}'
exec 3<>"/dev/tcp/${host%:*}/${host#*:}"
printf 'POST /api/work_pools/fixlake/workers/filter HTTP/1.0\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' \
  "$host" "$credentials" "${#question}" "$question" >&3
grep -q "\"name\":\"${FIXLAKE_WORKER_NAME:-worker}\"" <&3
