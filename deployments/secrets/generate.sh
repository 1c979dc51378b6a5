#!/usr/bin/env bash
# Make the secrets of the stack: generate.sh DIR
# One folder per service, a file per secret, the same value wherever one is shared. What is there is kept, so that it
# can run before every start; to change a secret, remove it from each folder that has it (docs/security.md).
# Run as root, it lets in the group that the containers run as, and gives the files to whom DIR belongs.
set -euo pipefail
umask 077

group=10001
dir=${1:?usage: generate.sh DIR}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
owner=$(stat -c %u "$dir")

random_hex() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
random_fernet_key() { head -c 32 /dev/urandom | base64 -w 0 | tr '+/' '-_'; }
random_auth_string() { printf 'admin:%s' "$(random_hex)"; }

# One secret and every file that holds it: share KIND FILE…
share() {
  local kind=$1 file value='' known
  shift
  for file in "$@"; do
    [ -s "$dir/$file" ] || continue
    known=$(cat "$dir/$file")
    if [ -n "$value" ] && [ "$known" != "$value" ]; then
      echo "generate.sh: these must hold the same value: $*" >&2
      exit 1
    fi
    value=$known
  done
  [ -n "$value" ] || value=$("random_$kind")
  for file in "$@"; do
    [ -s "$dir/$file" ] || put "$file" "$value"
  done
}

# Into place in one step, so that a start that was cut short leaves no half of a secret.
put() {
  mkdir -p "$dir/${1%/*}"
  printf %s "$2" >"$dir/$1.new"
  mv "$dir/$1.new" "$dir/$1"
}

share hex minio/root_password stores/minio_root_password
share hex minio/webhook_token receiver/webhook_token
share hex postgres/superuser_password stores/postgres_superuser_password
share hex stores/uploader_secret_key demo/uploader_secret_key people/uploader_secret_key
share hex stores/ingester_secret_key setup/ingester_secret_key
share hex stores/maintainer_secret_key setup/maintainer_secret_key
share hex stores/reader_secret_key people/reader_secret_key
share hex stores/prefect_database_password prefect/database_password
share hex stores/ledger_database_password worker/ledger_database_password
share hex stores/ledger_reader_password
share hex stores/superset_database_password superset/database_password
share auth_string prefect/auth_string setup/auth_string worker/auth_string receiver/auth_string people/prefect_auth_string
share fernet_key prefect/encryption_key
share hex superset/secret_key
share hex superset/admin_password people/superset_admin_password

# Also what an operator put there, such as worker/mask_key.
for folder in minio postgres stores prefect worker setup receiver superset demo people; do
  if [ "$(id -u)" = 0 ]; then
    chown -R "$owner:$group" "$dir/$folder"
  fi
  find "$dir/$folder" -type f -exec chmod 0440 {} +
  chmod 0750 "$dir/$folder"
done
