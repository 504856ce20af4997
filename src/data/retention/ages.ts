/** For how many days rows are kept: settings of the engine, one for each table that retention removes rows of. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

interface Age {
  /** the key in `engine.settings` */
  setting: string;
  /** what it keeps, for a person */
  of: string;
  /** null: for ever */
  usual: number | null;
}

/**
 * The fewest days that may be set: the job `rollup` adds up the last two days again, and what is left of a day of which rows were
 * removed must not take the place of what was counted.
 */
export const minDays = 3;
export const maxDays = 36_500;

/**
 * The usual ages. 90 days: figures by hour are kept as long, and an outcome of an entry of knowledge has lost half of its weight. 400
 * days: figures by day are kept as long, so that a month can be compared with that of the year before; for what users and people did,
 * twelve months are what PCI DSS 4.0 (10.5.1) asks for.
 */
export const ages = [
  { setting: 'runs_keep_days', of: 'runs that have ended', usual: 90 },
  { setting: 'findings_keep_days', of: 'resolved findings', usual: 400 },
  { setting: 'actions_keep_days', of: 'heals that are settled', usual: 400 },
  { setting: 'decisions_keep_days', of: 'decisions about entries of knowledge', usual: 400 },
  { setting: 'tickets_keep_days', of: 'closed tickets with their history', usual: 400 },
  { setting: 'metrics_keep_days', of: 'the daily figures of bots', usual: 1_095 },
  { setting: 'messages_keep_days', of: 'messages about closed tickets', usual: 30 },
  { setting: 'api_logs_keep_days', of: 'rows of api_logs', usual: 90 },
  { setting: 'page_views_keep_days', of: 'rows of page_views', usual: 90 },
  { setting: 'error_logs_keep_days', of: 'rows of error_logs', usual: 90 },
  { setting: 'activity_keep_days', of: 'rows of user_activity_log', usual: 400 },
] as const satisfies readonly Age[];

export type AgeSetting = (typeof ages)[number]['setting'];
export const ageSettings: readonly AgeSetting[] = ages.map(({ setting }) => setting);

/** Nothing is removed before this time; a migration sets it where there were rows before there was retention. */
export const retentionFrom = 'retention_from';
/** For how many minutes after its slot a run may go on. */
export const retentionMinutes = 'retention_minutes';
/** It begins half an hour after midnight; at two the week's maintenance of the database begins. */
export const usualMinutes = 90;
export const [minMinutes, maxMinutes] = [1, 360];

/** How a setting is stored that keeps rows for ever. */
export const forEver = 'keep';

/** Days; null: for ever; `unfit`: what is stored is neither, and nothing may be removed. */
export type Days = number | null | 'unfit';

export const isFitAge = (days: unknown): days is number =>
  typeof days === 'number' && Number.isInteger(days) && days >= minDays && days <= maxDays;

const daysOf = (stored: unknown): Days =>
  stored === forEver || stored === null ? null : isFitAge(stored) ? stored : 'unfit';

/** The ages in force, by their settings. */
export async function readAges(db: Db): Promise<Record<AgeSetting, Days>> {
  const { rows } = await sql<{ key: string; value: unknown }>`
    SELECT key, value FROM engine.settings WHERE key = ANY (${[...ageSettings]}::text[])`.execute(
    db,
  );
  return Object.fromEntries(
    ages.map(({ setting, usual }) => {
      const row = rows.find(({ key }) => key === setting);
      return [setting, row ? daysOf(row.value) : usual];
    }),
  ) as Record<AgeSetting, Days>;
}
