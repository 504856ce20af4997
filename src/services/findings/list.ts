import type { Selectable } from 'kysely';
import { countFindings, listFindings as query } from '../../data/bots/bot-findings.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { BotFindings } from '../../database/tables.ts';
import { findingsADay, type FindingsOfDay } from '../../data/trends/findings-a-day.ts';
import { botOf } from '../references/named.ts';

export type { StandingTicket } from '../../data/bots/bot-findings.ts';
export type Severity = BotFindings['severity'];
export type FindingRow = Selectable<BotFindings>;

export interface ListFindings {
  /** by name or id */
  bot?: string | undefined;
  severity?: Severity | readonly Severity[] | undefined;
  which: 'open' | 'resolved' | 'all';
  /** only findings seen since that time, or in the last so many seconds */
  since?: Date | { secondsAgo: number } | undefined;
  limit: number;
}

/**
 * Findings, the worst first, with their bots, and why people are not told of a finding if they are not. Throws NotFoundError
 * for a bot that does not exist.
 */
export async function listFindings(db: Db, { bot: named, ...filter }: ListFindings) {
  const bot = named === undefined ? undefined : await botOf(db, named);
  const wanted = { ...filter, botId: bot?.id } as Parameters<typeof query>[1];
  return {
    findings: await query(db, wanted),
    /** how many there are in all; null: very many */
    count: () => countFindings(db, wanted),
    now: await currentTime(db),
  };
}

/** How many findings were detected on each of the last days (UTC), the oldest first. Throws NotFoundError. */
export async function detectedADay(
  db: Db,
  { bot: named, severity, days }: Pick<ListFindings, 'bot' | 'severity'> & { days: number },
): Promise<FindingsOfDay[]> {
  const bot = named === undefined ? undefined : await botOf(db, named);
  return findingsADay(db, { botId: bot?.id, severity, days });
}
