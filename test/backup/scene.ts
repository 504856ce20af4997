/** A database with one of each thing that is easily lost on the way, and what tests ask of backups of it. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { takeBackup, type BackupRequest } from '../../src/services/backups/take.ts';
import type { TestDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';

export const actor = { name: 'ann', role: 'owner' } as const;

export function backupFolder(): string {
  const made = mkdtempSync(join(tmpdir(), 'roundsman-backups-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** The finished backups in a folder; nothing that is still being written. */
export const backupsIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => !name.startsWith('.'));

export const take = (
  { db, url }: Pick<TestDatabase, 'db' | 'url'>,
  folder: string,
  request: Partial<BackupRequest> = {},
) =>
  takeBackup(
    { db, url, actor },
    {
      target: { folder },
      recipients: [],
      keepDays: 30,
      prove: false,
      signal: new AbortController().signal,
      ...request,
    },
  );

/** The statements that make it, in a schema of its own. PostgreSQL 14 and later. */
export const oddities = [
  'CREATE SCHEMA odd',
  "CREATE TYPE odd.mood AS ENUM ('calm', 'it''s; odd')",
  'CREATE DOMAIN odd.positive AS int CHECK (VALUE > 0)',
  `CREATE TABLE odd."a ""quoted"" table/with; signs" ("column one" text, "b\\c" bytea, n odd.positive, m odd.mood)`,
  `INSERT INTO odd."a ""quoted"" table/with; signs" VALUES
     (E'tab\\there\\nand a line\\\\', '\\x00ff', 1, 'it''s; odd'), ('\\N', NULL, NULL, 'calm'), ('', '\\x', 5, NULL), (NULL, NULL, NULL, NULL),
     (repeat('long ', 200000), NULL, 7, NULL)`,
  'CREATE TABLE odd.none ()',
  'INSERT INTO odd.none DEFAULT VALUES',
  'CREATE TABLE odd.numbered (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, twice bigint GENERATED ALWAYS AS (length(word) * 2) STORED, word text NOT NULL)',
  "INSERT INTO odd.numbered (word) SELECT repeat('x', n % 90) FROM generate_series(1, 5000) n",
  'CREATE TABLE odd.parts (at date NOT NULL, v float8, i interval) PARTITION BY RANGE (at)',
  "CREATE TABLE odd.parts_1 PARTITION OF odd.parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
  'CREATE TABLE odd.parts_rest PARTITION OF odd.parts DEFAULT',
  "INSERT INTO odd.parts VALUES ('2026-01-05', 0.1 + 0.2, '1 mon 2 days'), ('0044-03-15 BC', 'NaN', '-1 year'), ('2031-01-01', 'Infinity', NULL)",
  'CREATE TABLE odd.parent (a int)',
  'CREATE TABLE odd.child (b int) INHERITS (odd.parent)',
  'INSERT INTO odd.parent VALUES (1); INSERT INTO odd.child VALUES (2, 3)',
  'CREATE SEQUENCE odd.turns START 7 INCREMENT -3 MINVALUE -100 MAXVALUE 100 CYCLE',
  "SELECT nextval('odd.turns'), nextval('odd.turns')",
  'CREATE UNLOGGED TABLE odd.unlogged (a int)',
  'INSERT INTO odd.unlogged VALUES (4)',
  'CREATE VIEW odd.words AS SELECT word FROM odd.numbered WHERE id < 5',
  'CREATE MATERIALIZED VIEW odd.counted AS SELECT count(*) AS words FROM odd.words',
  'CREATE MATERIALIZED VIEW odd.twice AS SELECT words * 2 AS words FROM odd.counted',
  'CREATE MATERIALIZED VIEW odd.unfilled AS SELECT 1 AS one WITH NO DATA',
  'CREATE FUNCTION odd.atomic(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 2 ELSE 3 END; SELECT 4; END',
  `CREATE FUNCTION odd.refuse() RETURNS trigger LANGUAGE plpgsql AS $fn$ BEGIN RAISE EXCEPTION 'no; never'; END $fn$`,
  'CREATE TABLE odd.guarded (a int)',
  'INSERT INTO odd.guarded VALUES (1)',
  'CREATE TRIGGER no_rows BEFORE INSERT ON odd.guarded FOR EACH ROW EXECUTE FUNCTION odd.refuse()',
  'CREATE RULE nothing AS ON DELETE TO odd.guarded DO INSTEAD (SELECT 1; SELECT 2)',
  'ALTER TABLE odd.guarded ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY none_of_it ON odd.guarded USING (false)',
  'ALTER TABLE odd.guarded FORCE ROW LEVEL SECURITY',
  'ALTER TABLE odd.guarded DISABLE TRIGGER no_rows',
  'CREATE TABLE odd."Upper" (id int PRIMARY KEY, lower int)',
  'CREATE TABLE odd.lower (id int PRIMARY KEY, upper int REFERENCES odd."Upper" DEFERRABLE INITIALLY DEFERRED)',
  'ALTER TABLE odd."Upper" ADD FOREIGN KEY (lower) REFERENCES odd.lower DEFERRABLE INITIALLY DEFERRED',
  'INSERT INTO odd."Upper" VALUES (1, NULL); INSERT INTO odd.lower VALUES (1, 1); UPDATE odd."Upper" SET lower = 1',
  `CREATE TABLE odd.texts (j json, jb jsonb, at timestamptz, n numeric, d date, a text[])`,
  String.raw`INSERT INTO odd.texts VALUES ('{"b": 1,  "a": "\\u0041", "b": 2}', '{"b": 1, "a": 2}', 'infinity', 'NaN', '-infinity', ARRAY['a,b', 'NULL', NULL, '\\.', '"'])`,
  "ALTER TYPE odd.mood ADD VALUE 'first' BEFORE 'calm'",
  'CREATE FUNCTION odd.doubled(a int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT a * 2 $$',
  'CREATE INDEX by_doubled ON odd.parent (odd.doubled(a))',
  'CREATE MATERIALIZED VIEW odd.of_function AS SELECT odd.doubled(a) AS two FROM odd.parent',
  "COMMENT ON TABLE odd.guarded IS 'a comment; with '' signs'",
  "SELECT lo_put(lo_create(424242), 0, decode(repeat('00ff', 700000), 'hex'))",
  'SELECT lo_create(424243)',
];

export const plantOddities = ({ url }: Pick<TestDatabase, 'url'>): Promise<void> =>
  administer(url, ...oddities);
