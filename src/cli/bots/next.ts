import { UsageError } from '../../ground/errors.ts';
import { printable, spanInTwo } from '../../ground/text.ts';
import { firstRuns, nextRuns as runsOf, type NextRun } from '../../services/bots/next.ts';
import { scheduleInWords } from '../../services/bots/schedule.ts';
import { withDatabase, type Session } from '../session/database.ts';
import {
  inZone,
  json,
  note,
  paint,
  relative,
  say,
  shortId,
  time,
  tellOfMore,
} from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

interface NextOptions {
  count?: number;
  limit?: number;
  json?: true;
}

/** Slots come from the schedule; the run starts at the slot plus the bot's jitter, if it has one. */
export async function nextRuns(given: string | undefined, options: NextOptions): Promise<void> {
  const { count = 5, limit = 100 } = options;
  const idle = given === undefined ? options.count && '--count' : options.limit && '--limit';
  if (idle)
    throw new UsageError({
      what: `${idle} cannot be used here`,
      why:
        given === undefined
          ? 'of every bot the next run is shown, and --count is for the runs of one'
          : 'the runs of one bot are shown, and --limit is for the list of all',
      hint:
        given === undefined
          ? 'npx roundsman bots next NAME --count 3'
          : `npx roundsman bots next ${given} --count 3`,
    });
  await withDatabase(async ({ db }) => {
    if (given !== undefined) return nextOf(db, given, { ...options, count });
    const { next, hasMore, now } = await firstRuns(db, { limit });
    if (hasMore) tellOfMore(limit);
    if (options.json)
      return json(
        next.map(({ bot, slot, start, maintenance }) => ({
          name: bot.name,
          scheduled_for: slot,
          next_execution_at: start,
          maintenance,
        })),
      );
    const skips = skippedColumn(next);
    const rows = next.map(async ({ bot, start, maintenance, error }) => [
      printable(bot.name),
      time(start),
      away(start, now),
      error ? paint('red', printable(error)) : await scheduleInWords(bot),
      ...skips.cell({ maintenance }),
    ]);
    table(
      ['Bot', 'Next (UTC)', '', 'Schedule', ...skips.head],
      await Promise.all(rows),
      'No active bots.',
    );
  });
}

async function nextOf(
  db: Session['db'],
  given: string,
  { count, ...options }: NextOptions & { count: number },
): Promise<void> {
  const { bot, zone, schedule, next: shown, now } = await runsOf(db, { bot: given, count });
  if (options.json)
    return json(
      shown.map(({ slot, start, maintenance }) => ({
        name: bot.name,
        scheduled_for: slot,
        next_execution_at: start,
        maintenance,
      })),
    );
  say(`${paint('bold', printable(bot.name))}: ${schedule}`);
  const zoned = zone === 'UTC' ? [] : [zone];
  const isSpread = bot.jitter_seconds > 0;
  const skips = skippedColumn(shown);
  table(
    ['UTC', ...zoned, ...(isSpread ? ['Starts (UTC)'] : []), '', ...skips.head],
    shown.map(({ slot, start, maintenance }) => [
      inZone(slot, 'UTC'),
      ...zoned.map((zone) => inZone(slot, zone)),
      ...(isSpread ? [inZone(start, 'UTC')] : []),
      away(start, now),
      ...skips.cell({ maintenance }),
    ]),
    'It never runs again.',
  );
  if (shown.length < count && shown.length > 0) note('none after that');
  if (bot.status !== 'active') note(`it takes none of them while it is ${bot.status}`);
  if (isSpread)
    note(
      `each start is spread over ${bot.jitter_seconds} s (jitter), and over less than half the time to the next slot`,
    );
}

type Skippable = Pick<NextRun, 'maintenance'>;

/** Which slots maintenance skips, and until when: a column only where it skips one. */
function skippedColumn(runs: readonly Skippable[]) {
  const any = runs.some(({ maintenance }) => maintenance !== null);
  const cell = ({ maintenance: by }: Skippable) =>
    by
      ? paint(
          'yellow',
          `skipped: ${printable(by.reason)} (${shortId(by.id)}), until ${time(by.ends_at)}`,
        )
      : '-';
  return {
    head: any ? ['Maintenance (UTC)'] : [],
    cell: (run: Skippable) => (any ? [cell(run)] : []),
  };
}

/** A slot that is due but not claimed yet is still the next one. */
const away = (start: Date | null, now: Date): string =>
  start === null
    ? '-'
    : start <= now
      ? paint('yellow', `due ${relative(start, now)}`)
      : `in ${spanInTwo(start.getTime() - now.getTime())}`;
