#!/bin/sh
# Brings Temporal's two databases up to the schema of this version. The connection is in SQL_HOST, SQL_USER, ….
# What is there already stays, so that it runs at each start and after an update.
set -eu

for database in temporal:temporal temporal_visibility:visibility; do
  name=${database%:*}
  schema=${database#*:}
  temporal-sql-tool --database "$name" create
  temporal-sql-tool --database "$name" setup-schema --version 0.0
  temporal-sql-tool --database "$name" update-schema --schema-name "postgresql/v12/$schema"
done
