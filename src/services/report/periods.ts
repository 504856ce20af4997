/** What was found and healed in each period, and which tickets and messages there were. */
import * as figures from '../../data/report/figures.ts';
import { firstBotSince } from '../../data/report/slots.ts';
import type { Db } from '../../database/connect.ts';
import type { Period } from '../../report/report.ts';
import type { EarlierSlots } from './earlier.ts';

export async function countAll(db: Db, bounds: readonly Date[]) {
  return {
    found: await figures.foundIn(db, bounds),
    heals: await figures.healsIn(db, bounds),
    tickets: await figures.ticketsIn(db, bounds),
    messages: await figures.messagesIn(db, bounds),
  };
}

export type Counts = Awaited<ReturnType<typeof countAll>>;

export const sumOf = (
  rows: readonly figures.PeriodCount[],
  period: number,
  ...words: string[]
): number =>
  rows
    .filter((row) => row.period === period && (words.length === 0 || words.includes(row.word)))
    .reduce((sum, { count }) => sum + count, 0);

/**
 * The figures of each period. Periods that ended before the first bot was added are left out: they would say that nothing was
 * due.
 */
export async function periodsOf(
  db: Db,
  bounds: readonly Date[],
  earlier: readonly EarlierSlots[],
  { found, heals, tickets, messages }: Counts,
): Promise<(Omit<Period, keyof EarlierSlots> & EarlierSlots)[]> {
  const since = await firstBotSince(db);
  return bounds
    .slice(1)
    .map((to, index) => ({
      from: bounds[index]!.toISOString(),
      to: to.toISOString(),
      ...(earlier[index] ?? { due: 0, ran: 0, failed: 0, skipped: 0, missing: 0 }),
      found: sumOf(found, index),
      healed: sumOf(heals, index, 'verified', 'held'),
      relapsed: sumOf(heals, index, 'relapsed'),
      opened: sumOf(tickets, index, 'opened'),
      resolved: sumOf(tickets, index, 'resolved'),
      reopened: sumOf(tickets, index, 'reopened'),
      past_target: sumOf(tickets, index, 'past_target'),
      messages_failed: sumOf(messages, index, 'failed'),
    }))
    .filter(
      ({ to }, index, periods) =>
        index === periods.length - 1 || (since !== null && Date.parse(to) > since.getTime()),
    );
}
