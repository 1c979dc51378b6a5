#!/usr/bin/env bash
# A Docker engine to build and test the stack on, for a Debian machine that has none or reaches no image registry:
#   eval "$(deployments/engine.sh up DIR)"    start one under DIR unless one answers already; prints DOCKER_HOST
#   deployments/engine.sh down DIR            stop the one under DIR; its images are kept for the next time
# Needs root to start one. The base image is pulled, or else made of Debian's own packages by debootstrap.
set -euo pipefail

usage="usage: engine.sh up DIR | engine.sh down DIR"
verb=${1:?$usage}
dir=$(realpath -m "${2:?$usage}")
base=${BASE_IMAGE:-debian:bookworm-slim}

answers() { docker info >/dev/null 2>&1; }

install_engine() {
  if ! { command -v dockerd && command -v docker-compose && command -v debootstrap; } >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends docker.io docker-compose debootstrap >/dev/null
  fi
}

start_engine() {
  mkdir -p "$dir"
  # In a session of its own, so that Ctrl-C in a terminal does not reach it.
  setsid nohup dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/pid" -H "$DOCKER_HOST" \
    </dev/null >"$dir/log" 2>&1 &
  for _ in $(seq 120); do
    answers && return
    sleep 0.5
  done
  tail -n 20 "$dir/log" >&2
  exit 1
}

# The same distribution from the same packages, with this machine's certificates, so that builds trust what it trusts.
make_base() {
  local bundle=/etc/ssl/certs/ca-certificates.crt suite
  suite=${base#*:}
  debootstrap --variant=minbase --include=ca-certificates "${suite%-slim}" "$dir/rootfs" >"$dir/debootstrap.log"
  cp -L "$bundle" "$dir/rootfs$bundle"
  # As Debian's slim images are: no packages kept, no documentation.
  rm -rf "$dir"/rootfs/var/cache/apt/*.bin "$dir"/rootfs/var/cache/apt/archives/*.deb "$dir"/rootfs/var/lib/apt/lists/* \
    "$dir"/rootfs/usr/share/{doc,info,man,locale}/*
  tar -C "$dir/rootfs" -c . | docker import \
    --change "ENV SSL_CERT_FILE=$bundle PIP_CERT=$bundle REQUESTS_CA_BUNDLE=$bundle" - "$base" >/dev/null
  rm -rf "$dir/rootfs"
}

case $verb in
  up)
    if ! answers; then
      install_engine
      export DOCKER_HOST=unix://$dir/sock
      answers || start_engine
    fi
    docker image inspect "$base" >/dev/null 2>&1 || docker pull --quiet "$base" >/dev/null 2>&1 || make_base
    [ -z "${DOCKER_HOST:-}" ] || echo "export DOCKER_HOST=$DOCKER_HOST"
    ;;
  down)
    # The number may be left over from before the machine was restarted, and be another process's by now.
    if [ -f "$dir/pid" ] && pid=$(cat "$dir/pid") && grep -qzxF "$dir/pid" "/proc/$pid/cmdline" 2>/dev/null; then
      kill "$pid"
      while [ -e "/proc/$pid" ]; do sleep 0.2; done
    fi
    ;;
  *)
    echo "$usage" >&2
    exit 2
    ;;
esac
