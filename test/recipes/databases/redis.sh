#!/bin/sh
# A new Redis on 127.0.0.1:6379 that keeps nothing, with its log in the folder that is given.
set -eu
(
  until redis-cli ping >/dev/null 2>&1; do
    kill -0 $$ || exit 1
    sleep 0.05
  done
  echo ready
) &
exec redis-server --bind 127.0.0.1 --port 6379 --save '' --dir "$1" --logfile "$1/redis.log"
