#!/bin/sh
# MySQL's image runs this once, on an empty volume, after the tables: grants.sql with the passwords from the
# environment, and the rights of matinee_loader (which the image has made), who fills the source tables.
# Passwords go in as bytes and through a pipe: no quote in one can end a string, and no process list shows them.
: "${MYSQL_READER_PASSWORD:?}" "${MYSQL_EVENTS_PASSWORD:?}"

bytes_of() {
  printf '0x'
  printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'
}

{
  printf 'set @reader_password = convert(%s using utf8mb4), @events_password = convert(%s using utf8mb4);\n' \
    "$(bytes_of "$MYSQL_READER_PASSWORD")" "$(bytes_of "$MYSQL_EVENTS_PASSWORD")"
  cat "${GRANTS_FILE:-/opt/matinee/grants.sql}"
  printf '%s\n' "grant select, insert, create, alter, index, drop on \`vod\\_rec\`.* to 'matinee_loader'@'%';"
} | MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql --user=root --protocol=socket --default-character-set=utf8mb4
