/** The file README.txt of every archive, for a person who has nothing but the archive. */
export const readme = `This is a backup of a PostgreSQL database, made by Roundsman. Nothing of Roundsman is needed to restore it.

The files, in the order in which they are applied to an empty database:
  roles.sql            roles without their passwords
  settings.sql         settings of the database
  pre-data.sql         schemas, types, functions, tables (as pg_dump writes them)
  tables.json          for each directory below data/: the COPY statement that takes its files
  data/*/*.copy        rows, in the text format of COPY; each file is whole rows
  references/*.copy    keys of rows that are not in the backup (manifest.json: references)
  large-objects/*.sql  large objects
  sequences.sql        where sequences stand
  post-data.sql        indexes, constraints, triggers, policies (as pg_dump writes them)
  refresh.sql          materialised views
  event-triggers.sql   event triggers, which act on all that comes after them
  manifest.json        versions, counts and checksums of all of it, and what is not in it (leftOut)

A backup without manifest.json is not whole. Use a program that runs plain SQL, not psql: psql has commands of its own, and
a foreign backup could contain them.
`;
