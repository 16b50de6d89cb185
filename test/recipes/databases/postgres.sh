#!/bin/sh
# A new PostgreSQL on 127.0.0.1:5432, with its data below the folder that is given, as the user "postgres". Needs root.
set -eu
programs=$(echo /usr/lib/postgresql/*/bin | tr ' ' '\n' | tail -n 1)
data=$1/postgres
chmod 711 "$1"
install -d -o postgres -m 700 "$data"
# Shared memory of its own: whatever ends it, nothing of it stays.
as_postgres="unshare --ipc setpriv --reuid=postgres --regid=postgres --clear-groups"
$as_postgres "$programs/initdb" --pgdata="$data" --auth=trust --no-sync --no-locale --encoding=UTF8 >"$1/initdb.log" 2>&1
(
  until "$programs/pg_isready" --quiet --host=127.0.0.1; do
    kill -0 $$ || exit 1
    sleep 0.05
  done
  echo ready
) &
exec $as_postgres "$programs/postgres" -D "$data" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c fsync=off >"$1/postgres.log" 2>&1
