-- The four source tables that Matinee reads, and an empty schema for events. For MySQL 8.4 and MariaDB 10.11.
--
--   mysql --user=root --password < scripts/sql/schema.sql
--
-- An operator's own tables do as well: Matinee names the columns it reads, and ignores others. Ids may be integers or
-- strings. log_dt is DATETIME: wall-clock time, which no session's time zone changes (a TIMESTAMP would be shifted).
-- utf8mb4_bin compares ids exactly, case included, as Matinee does.
-- `matinee generate` and `matinee import` make these tables themselves, with the column types that their data needs.

create database if not exists vod_rec character set utf8mb4 collate utf8mb4_bin;

create table if not exists vod_rec.userinfo (
  subsr_id     bigint not null,
  primary key (subsr_id)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin;

create table if not exists vod_rec.vods_sumut (
  subsr_id     bigint,
  program_id   bigint,
  program_name varchar(512),
  episode_num  varchar(64),
  log_dt       datetime,
  use_tms      int            comment 'seconds watched',
  disp_rtm_sec int            comment 'seconds of the programme',
  count_watch  int,
  month        tinyint,
  e_bool       tinyint        comment '0: usable',
  key vods_sumut_log_dt (log_dt)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin comment = 'one viewing a row';

create table if not exists vod_rec.contlog (
  subsr_id     bigint,
  program_id   bigint,
  program_name varchar(512),
  episode_num  varchar(64),
  log_dt       datetime,
  month        tinyint,
  e_bool       tinyint        comment '0: usable',
  key contlog_log_dt (log_dt)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin comment = 'one click on a title a row';

create table if not exists vod_rec.vodinfo (
  program_id    bigint not null,
  program_name  varchar(512),
  ct_cl         varchar(64)   comment 'category',
  program_genre varchar(64),
  release_date  date,
  age_limit     tinyint unsigned,
  e_bool        tinyint       comment '0: usable',
  primary key (program_id)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin comment = 'the catalogue';

-- What viewers do through POST /v1/events, apart from the source, which Matinee never writes. Its tables make themselves.
create database if not exists matinee_events character set utf8mb4 collate utf8mb4_bin;
