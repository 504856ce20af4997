/**
 * The definitions that locks on tables do not hold: functions, views, types, roles and what else may be dropped or replaced while the
 * schema is dumped. pg_dump reads names from its snapshot, and much of the rest as it is at that moment.
 */
import type pg from 'pg';

/** What names a row of a catalogue for people, and which rows of it count. */
const catalogues: Record<string, { name: string; where?: string }> = {
  pg_namespace: { name: 'nspname', where: ownSchema('oid') },
  pg_proc: { name: 'proname', where: ownSchema('pronamespace') },
  // Tables and their indexes are locked.
  pg_class: {
    name: 'relname',
    where: `relkind IN ('v', 'm', 'S', 'c', 'f') AND ${ownSchema('relnamespace')}`,
  },
  pg_type: {
    name: 'typname',
    where: `typtype <> 'c' AND typcategory <> 'A' AND ${ownSchema('typnamespace')}`,
  },
  pg_constraint: { name: 'conname', where: 'contypid <> 0' },
  pg_enum: { name: 'enumlabel' },
  pg_operator: { name: 'oprname', where: ownSchema('oprnamespace') },
  pg_opclass: { name: 'opcname', where: ownSchema('opcnamespace') },
  pg_collation: { name: 'collname', where: ownSchema('collnamespace') },
  pg_ts_config: { name: 'cfgname', where: ownSchema('cfgnamespace') },
  pg_statistic_ext: { name: 'stxname' },
  pg_cast: { name: "'cast'", where: 'oid >= 16384' },
  pg_extension: { name: 'extname' },
  pg_event_trigger: { name: 'evtname' },
  pg_foreign_server: { name: 'srvname' },
  pg_publication: { name: 'pubname' },
};

function ownSchema(column: string): string {
  return `${column} IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema')`;
}

/** Of each row its version: another one comes with each change, but for statistics. The names of roles may be read by all, their rows not. */
const definitions = [
  ...Object.entries(catalogues).map(
    ([catalogue, { name, where = 'true' }]) =>
      `SELECT concat_ws(' ', '${catalogue}', oid, xmin) AS version, ${name}::text AS name FROM ${catalogue} WHERE ${where}`,
  ),
  `SELECT concat_ws(' ', 'role', oid, rolname), rolname FROM pg_roles`,
].join(' UNION ALL ');

/** Each version with the name of what it is of. */
export async function readDefinitions(client: pg.ClientBase): Promise<Map<string, string>> {
  const { rows } = await client.query<{ version: string; name: string }>(definitions);
  return new Map(rows.map(({ version, name }) => [version, name]));
}

/** The names of those that were dropped or changed between two readings; what is new does not count. */
export const changedBetween = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] => [
  ...new Set([...before].flatMap(([version, name]) => (after.has(version) ? [] : [name]))),
];
