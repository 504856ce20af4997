import { printable } from '../../ground/text.ts';
import {
  backfillBot as backfill,
  type Backfilled,
  type Moment,
} from '../../services/bots/backfill.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { counted, facts, inZone, printJson, note, say, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import { inOwnZone, isOwnZone } from '../terminal/times.ts';
import { noteIfIdle } from '../session/waiting.ts';

interface BackfillOptions {
  since: Moment;
  until?: Moment;
  limit: number;
  dryRun?: true;
  json?: true;
}

/** How many slots a dry run lists; --json has all of them. */
const maxListed = 20;

export const backfillBot = (given: string, options: BackfillOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { since, until, limit, dryRun = false } = options;
    const { bot, zone, backfilled } = await backfill(
      { db, actor: actorOf() },
      { bot: given, since, until, limit, dryRun },
    );
    const { unclaimed } = backfilled;
    if (unclaimed)
      note(
        `the slot of ${time(unclaimed)} is due and not claimed yet: the scheduler will claim it and the later ones`,
      );
    const count = backfilled.inserted.length + backfilled.requeued.length;
    if (count > 0 && !dryRun) await noteIfIdle(db, 'they run when one starts');
    if (options.json) return printJson({ name: bot.name, dry_run: dryRun, ...backfilled });

    const runs = `${counted(count, 'run')} of ${bot.name}`;
    if (count === 0) say(`No slot of ${bot.name} is left to run in this period.`);
    else if (dryRun) say(`Would queue ${runs}; nothing was written.`);
    else say(`Queued ${runs}. They run as its places allow; its regular slots go on meanwhile.`);
    say();
    printFacts(backfilled);
    if (dryRun) printSlots(zone, backfilled);
  });

const tally = (words: string[]): string =>
  [...Map.groupBy(words, (word) => word)]
    .map(([word, same]) => `${same.length} ${printable(word)}`)
    .join(', ');

function printFacts({ since, until, inserted, requeued, ran, open, left }: Backfilled): void {
  const slots = (rows: unknown[], what = '') =>
    rows.length > 0 ? `${counted(rows.length, 'slot')}${what && `: ${what}`}` : null;
  facts([
    ['Period', `${time(since)} to ${time(until)}`],
    ['Without a run', slots(inserted)],
    ['Skipped', slots(requeued, tally(requeued.map(({ reason }) => reason ?? 'no reason')))],
    ['Ran already', slots(ran, tally(ran.map(({ status }) => status)))],
    ['Waiting', slots(open, tally(open.map(({ status }) => status)))],
    [
      'Left alone',
      left.length > 0 ? `${left.length} rows of missed slots of an earlier schedule` : null,
    ],
  ]);
}

function printSlots(zone: string, { inserted, requeued }: Backfilled): void {
  const zoned = isOwnZone(zone) ? [] : [zone];
  const slots = [
    ...inserted.map((at) => ({ at, was: 'no run' })),
    ...requeued.map((row) => ({ at: row.scheduled_for, was: `skipped, ${row.reason}` })),
  ].toSorted((a, b) => a.at.getTime() - b.at.getTime());
  if (slots.length === 0) return;
  say();
  table(
    [inOwnZone('Slot', slots[0]!.at), ...zoned, 'So far'],
    slots
      .slice(0, maxListed)
      .map(({ at, was }) => [inZone(at), ...zoned.map((name) => inZone(at, name)), printable(was)]),
    '',
  );
  if (slots.length > maxListed)
    say(`... and ${slots.length - maxListed} more; --json has all of them`);
}
