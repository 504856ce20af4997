/** The parts of a migrated database: written by `npm run catalogue` from databases that were just migrated. */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import type { Ours, Parts } from './parts.ts';
import { splitName } from './parts.ts';

export interface Snapshot {
  /** PostgreSQL's major version, whose way to print definitions they have */
  server: number;
  /** names of the migrations; `grown`: where the rest was added to a database of the bots later */
  migrations: string[];
  grown?: string[];
  parts: Parts;
}

export interface Expected {
  parts: Parts;
  ours: Ours;
  server: number;
  /** migrations that are not applied, and applied ones that this version does not know */
  pending: string[];
  unknown: string[];
}

const load = {
  whole: async () => (await import('./whole.json', { with: { type: 'json' } })).default,
  bots: async () => (await import('./bots.json', { with: { type: 'json' } })).default,
};

/** Reads what the applied migrations make: the whole schema, in one step or two, or only what the bots need. */
export async function readExpected({ db, skip }: CheckContext): Promise<Expected> {
  const { rows } = await sql<{ readable: boolean | null }>`
    SELECT has_table_privilege(to_regclass('engine.kysely_migration'), 'SELECT') AS readable`.execute(
    db,
  );
  if (rows[0]!.readable === false)
    skip(
      'the migrations may not be read: GRANT SELECT ON engine.kysely_migration TO the role of checks',
    );
  if (rows[0]!.readable === null)
    skip('this database has no record of migrations: `npx roundsman db migrate` makes it');
  const { rows: migrations } = await sql<{
    name: string;
  }>`SELECT name FROM engine.kysely_migration`.execute(db);
  const applied = new Set(migrations.map(({ name }) => name));
  const isGrown = applied.has('v1_00_supabase-rest');
  const extent = isGrown || applied.has('v1_10_profiles') ? 'whole' : 'bots';
  const snapshot: Snapshot = await load[extent]();
  const names = (isGrown && snapshot.grown) || snapshot.migrations;
  const parts = { ...snapshot.parts };
  // `db migrate --only bots --admin-test` puts a call of the platform's own function into this one.
  if (extent === 'bots' || isGrown) delete parts['function private.is_admin()'];
  return {
    parts,
    ours: oursOf(parts),
    server: snapshot.server,
    pending: names.filter((name) => !applied.has(name)),
    unknown: [...applied].filter((name) => !names.includes(name)),
  };
}

function oursOf(parts: Parts): Ours {
  const own = Object.keys(parts)
    .map(splitName)
    .filter(({ name, of }) => name === null && !of.startsWith('engine.'));
  return {
    relations: own.filter(({ kind }) => kind !== 'function').map(({ of }) => of),
    functions: own
      .filter(({ kind }) => kind === 'function')
      .map(({ of }) => of.slice(0, of.indexOf('('))),
  };
}
