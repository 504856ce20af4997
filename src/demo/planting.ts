import type { Chance } from './chance.ts';
import type { Size } from './sizes.ts';
import { day } from './time.ts';

/** The rows of a table. They are made one by one, so that millions of them need no memory. */
export interface Planting {
  table: string;
  columns: readonly string[];
  count: number;
  row(index: number, chance: Chance): unknown[];
}

/** What the rows of the fictional platform are computed from. */
export interface World {
  size: Size;
  /** the database's time: all times of the rows are earlier */
  now: Date;
}

// Ids are computed from the number of a row, so that one table can refer to another without remembering its rows.
// The place of a table in this list is a part of the ids of its rows: new tables come last, so that the other ids stay.
const tables = [
  'profiles',
  'organizations',
  'app_catalog',
  'tools_catalog',
  'games_catalog',
  'javari_projects',
  'avatars',
  'virtual_spaces',
  'support_groups',
  'bots',
  'bot_executions',
  'bot_findings',
] as const;
type TableWithIds = (typeof tables)[number];

const idIn = (series: string, index: number): string =>
  `f1c71000-0000-4000-8${series}-${index.toString(16).padStart(12, '0')}`;

/** The id of the row with this number. */
export const idOf = (table: TableWithIds, index: number): string =>
  idIn(String(tables.indexOf(table)).padStart(3, '0'), index);

/**
 * The planting, with an ascending id for each row, also in tables to which no row refers. With ascending ids PostgreSQL writes only
 * at the end of the primary key's index, which stays in memory; with random ids it would write in every part of the index.
 */
export const withAscendingIds = (planting: Planting): Planting =>
  planting.columns.includes('id')
    ? planting
    : {
        ...planting,
        columns: ['id', ...planting.columns],
        row: (index, chance) => [idIn('fff', index), ...planting.row(index, chance)],
      };

/** A random moment in the last `days` days, all equally likely. */
export const timeWithin = (chance: Chance, now: Date, days: number): Date =>
  new Date(now.getTime() - Math.floor(chance.next() * days * day));
