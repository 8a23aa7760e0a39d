-- Two users: one that may only read the source, and one for the schema of events. For MySQL 8.4 and MariaDB 10.11.
-- No password stands here; both are taken from variables of the session that runs this file:
--
--   mysql --user=root --password
--   > set @reader_password = '…', @events_password = '…';
--   > source scripts/sql/grants.sql
--
-- Run again with other passwords, it changes them. A user whose variable is unset or empty stays locked.
--
--   MATINEE_DATABASE_URL=mysql://matinee_reader@HOST:3306/vod_rec?tls=verify          (MATINEE_DATABASE_PASSWORD)
--   MATINEE_EVENTS_URL=mysql://matinee_events:PASSWORD@HOST:3306/matinee_events?tls=verify

create user if not exists 'matinee_reader'@'%' account lock;
create user if not exists 'matinee_events'@'%' account lock;

-- SELECT and nothing else: the source cannot change through Matinee, whatever fault it may have.
-- An underscore stands for any character in a grant, hence the backslashes.
grant select on `vod\_rec`.* to 'matinee_reader'@'%';
grant select, insert, update, delete, create, alter, index, drop on `matinee\_events`.* to 'matinee_events'@'%';

-- One statement sets the password and unlocks: a client that goes on after an error must not unlock without.
set @statement = concat(
  'alter user ''matinee_reader''@''%'' identified by ', if(@reader_password <> '', quote(@reader_password), null), ' account unlock');
prepare open_account from @statement;
execute open_account;

set @statement = concat(
  'alter user ''matinee_events''@''%'' identified by ', if(@events_password <> '', quote(@events_password), null), ' account unlock');
prepare open_account from @statement;
execute open_account;

deallocate prepare open_account;
set @statement = null, @reader_password = null, @events_password = null;
