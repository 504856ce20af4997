/** How many findings were new on each of the last days, printed below their list for people at a terminal. */
import { detectedADay, type ListFindings } from '../../services/findings/list.ts';
import type { Session } from '../session/database.ts';
import { sparkline } from '../terminal/bars.ts';
import { say } from '../terminal/print.ts';
import { hasUnicode } from '../terminal/signs.ts';

const days = 14;

type Day = Awaited<ReturnType<typeof detectedADay>>[number];

/** `New per day, 14 days to 2026-11-29 (UTC): ··▂··█···▁···  at most 9, on 2026-11-21`; null where nothing was new. */
export function daysInWords(found: readonly Day[], isUnicode: boolean): string | null {
  const peak = found.reduce((top, day) => (day.detected > top.detected ? day : top), found[0]!);
  if (peak.detected === 0) return null;
  const bar = sparkline(
    found.map(({ detected }) => detected),
    isUnicode,
  );
  return `New per day, ${found.length} days to ${found.at(-1)!.day} (UTC): ${bar}  at most ${peak.detected}, on ${peak.day}`;
}

export async function printNewPerDay(
  db: Session['db'],
  { bot, severity }: Pick<ListFindings, 'bot' | 'severity'>,
): Promise<void> {
  if (!process.stdout.isTTY) return;
  const words = daysInWords(await detectedADay(db, { bot, severity, days }), hasUnicode());
  if (words) say(`\n${words}`);
}
