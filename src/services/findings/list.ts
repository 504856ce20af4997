import type { Selectable } from 'kysely';
import { listFindings as query } from '../../data/bots/bot-findings.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import type { BotFindings } from '../../database/tables.ts';
import { botOf } from '../references/named.ts';

export type { TicketInCharge } from '../../data/bots/bot-findings.ts';
export type Severity = BotFindings['severity'];
export type FindingRow = Selectable<BotFindings>;

export interface ListFindings {
  /** by name or id */
  bot?: string | undefined;
  severity?: Severity | readonly Severity[] | undefined;
  which: 'open' | 'resolved' | 'all';
  limit: number;
}

/**
 * Findings, the worst first, with their bots and why people are not told of them, if so. Throws NotFoundError for a
 * bot that does not exist.
 */
export async function listFindings(db: Db, { bot: named, ...filter }: ListFindings) {
  const bot = named === undefined ? undefined : await botOf(db, named);
  const findings = await query(db, { ...filter, botId: bot?.id } as Parameters<typeof query>[1]);
  return { findings, now: await currentTime(db) };
}
