#!/bin/sh
# Makes Temporal's tables, or brings them to the version of this image; safe to run again. SQL_* say where.
set -eu
prepare() {
  temporal-sql-tool --db "$1" setup-schema --version 0.0
  temporal-sql-tool --db "$1" update-schema --schema-name "postgresql/v12/$2"
}
prepare temporal temporal
prepare temporal_visibility visibility
