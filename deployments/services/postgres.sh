#!/usr/bin/env bash
# The database server. It initialises an empty folder, asks everyone for a password, and never runs as root:
# started by root it runs as nobody, to whom its folder is given.
set -euo pipefail
. "$(dirname "$0")/read_secret.sh"

password=$(secret superuser_password)
data=$FIXLAKE_DATA/data
mkdir -p "$FIXLAKE_DATA"
as_server=()
if [ "$(id -u)" = 0 ]; then
  chown -R nobody "$FIXLAKE_DATA"
  as_server=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups)
fi
export HOME=$FIXLAKE_DATA LC_ALL=C TZ=UTC
# A folder of the caller that the server's user may not enter is no place to start from.
cd "$FIXLAKE_DATA"

if [ ! -e "$data/PG_VERSION" ]; then
  # Under another name first: a start that was cut short must not be taken for a database.
  rm -rf "$data.new"
  printf %s "$password" | "${as_server[@]}" bash -euc '
    umask 077
    cat >"$1.password"
    trap "rm -f \"$1.password\"" EXIT
    "$2/initdb" -D "$1.new" -U postgres --pwfile "$1.password" --auth=scram-sha-256 --encoding=UTF8 --locale=C >/dev/null
    mv "$1.new" "$1"
  ' initialise "$data" "$POSTGRES_BIN"
fi
unset password
# From every address it listens on, and no way in without a password.
printf '%s\n' 'local all all scram-sha-256' 'host all all all scram-sha-256' >"$data/pg_hba.conf"

# No socket file, whose path has a length limit; no statement in the log that failed, for it may set a password.
exec "${as_server[@]}" "$POSTGRES_BIN/postgres" -D "$data" -p "$FIXLAKE_POSTGRES_PORT" \
  -c listen_addresses="$FIXLAKE_BIND" -c unix_socket_directories= -c password_encryption=scram-sha-256 \
  -c timezone=UTC -c log_timezone=UTC -c log_min_error_statement=panic
