#!/bin/sh
# Puts a backup of deploy/backup.sh into a PostgreSQL without data, and starts it alone: sh deploy/restore.sh FILE.
# docs/backup.md says what to do before and after.
set -eu
file=${1:?usage: sh deploy/restore.sh FILE}
test -r "$file" || { echo "$file can't be read" >&2; exit 1; }
if [ -n "$(docker compose ps --quiet)" ]; then
  echo 'something still runs: docker compose down' >&2
  exit 1
fi
# As root in a container of PostgreSQL's own image; $PGDATA is where that one keeps its data.
# shellcheck disable=SC2016
docker compose run --rm --no-deps -T --user root --entrypoint sh postgres -ec '
  mkdir -p "$PGDATA"
  if [ -n "$(ls -A "$PGDATA")" ]; then
    echo "there is data already; if it is not wanted any more: docker compose down --volumes" >&2
    exit 1
  fi
  tar -xzf - -C "$PGDATA"
  chown -R postgres:postgres "$PGDATA"
  chmod 700 "$PGDATA"
' <"$file"
docker compose up -d --wait postgres
