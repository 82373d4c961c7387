#!/bin/sh
# Backs up PostgreSQL with all that is in it, Everhook's database and both of Temporal's, as of one moment and while all
# goes on: sh deploy/backup.sh DIRECTORY. Prints the file it wrote. Keep .env apart from it: without ENCRYPTION_KEYS no
# stored secret can be read, and with them all can.
set -eu
umask 077
directory=${1:?usage: sh deploy/backup.sh DIRECTORY}
target="$directory/everhook-$(date -u +%Y%m%dT%H%M%SZ).tar.gz"
mkdir -p "$directory"
# Only a whole backup gets the name of one.
trap 'rm -f "$target.partial"' EXIT
docker compose exec -T postgres pg_basebackup --username=postgres --pgdata=- --format=tar --gzip \
  --wal-method=fetch --checkpoint=fast --label=everhook >"$target.partial"
mv "$target.partial" "$target"
echo "$target"
