#!/bin/sh
# Writes .env with fresh secrets for docker-compose.yml. Never overwrites one: ENCRYPTION_KEYS open what is stored.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
  echo ".env is there already; nothing was changed" >&2
  exit 1
fi
password() { openssl rand -hex 24; }
key() { openssl rand -base64 32; }
umask 077
cat > .env <<END
POSTGRES_PASSWORD=$(password)
DATABASE_PASSWORD=$(password)
TEMPORAL_DATABASE_PASSWORD=$(password)
ENCRYPTION_KEYS=k1:$(key)
TOKEN_SIGNING_KEY=$(key)
CODEC_TOKEN=$(password)
END
echo ".env is written; keep a copy where secrets are kept" >&2
