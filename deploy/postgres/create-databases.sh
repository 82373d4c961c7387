#!/bin/sh
# Runs once, on an empty data directory: roles and a database for Everhook, a role and its databases for Temporal.
set -eu
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname=postgres \
  --set=everhook_password="$DATABASE_PASSWORD" --set=temporal_password="$TEMPORAL_DATABASE_PASSWORD" <<'END'
CREATE ROLE everhook LOGIN PASSWORD :'everhook_password';
-- For the migrations, whose user may not make roles.
CREATE ROLE everhook_tenant NOLOGIN;
GRANT everhook_tenant TO everhook;
CREATE DATABASE everhook OWNER everhook;
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE everhook, temporal, temporal_visibility FROM PUBLIC;
END
