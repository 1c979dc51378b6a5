#!/usr/bin/env bash
# Whether a service of this container answers: healthy.sh PORT PATH. No client needs to be in the image for it.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' "$2" >&3
read -r _ status _ <&3
[ "$status" = 200 ]
