import type { Chance } from './chance.ts';
import type { Size } from './sizes.ts';

/** The rows of a table. They are made one by one, so that millions of them need no memory. */
export interface Planting {
  table: string;
  columns: readonly string[];
  count: number;
  row(index: number, chance: Chance): unknown[];
}

export interface World {
  size: Size;
  /** the database's time: all times of the rows are earlier */
  now: Date;
}

// Ids are computed from the number of a row, so that one table can refer to another without remembering its rows.
const kinds = [
  'profiles',
  'organizations',
  'app_catalog',
  'tools_catalog',
  'games_catalog',
] as const;
const more = ['javari_projects', 'avatars', 'virtual_spaces', 'support_groups', 'bots'] as const;
const runs = ['bot_executions', 'bot_findings'] as const;
export type Kind = (typeof kinds)[number] | (typeof more)[number] | (typeof runs)[number];
const order: readonly Kind[] = [...kinds, ...more, ...runs];

const idIn = (series: string, index: number): string =>
  `f1c71000-0000-4000-8${series}-${index.toString(16).padStart(12, '0')}`;

export const idOf = (kind: Kind, index: number): string =>
  idIn(String(order.indexOf(kind)).padStart(3, '0'), index);

/**
 * The planting with ascending ids, also in tables to which no row refers. With ascending ids, only the end of the primary
 * key's index is written, and stays in memory; with random ids, every part of the index would be written.
 */
export const withIds = (planting: Planting): Planting =>
  planting.columns.includes('id')
    ? planting
    : {
        ...planting,
        columns: ['id', ...planting.columns],
        row: (index, chance) => [idIn('fff', index), ...planting.row(index, chance)],
      };

export const day = 86_400_000;
export const hour = day / 24;

/** A moment in the last `days` days, all equally likely. */
export const timeWithin = (chance: Chance, now: Date, days: number): Date =>
  new Date(now.getTime() - Math.floor(chance.next() * days * day));
