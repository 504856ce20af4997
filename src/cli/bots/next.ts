import { UsageError } from '../../ground/errors.ts';
import { printable, spanInTwo } from '../../ground/text.ts';
import { nextRunOfEach, nextRuns as runsOf, type NextRun } from '../../services/bots/next.ts';
import { scheduleInWords } from '../../services/bots/schedule.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isTable, list, rowsToRead, type Column } from '../listing/list.ts';
import { withDatabase, type Session } from '../session/database.ts';
import { inZone, paint, relative, shortId, time } from '../terminal/print.ts';
import { clock, inOwnZone, isOwnZone, zoneInWords } from '../terminal/times.ts';

interface NextOptions extends ListOptions {
  count?: number;
  limit?: number;
}

type Upcoming = Pick<NextRun, 'maintenance'> & { slot: Date | null; start: Date | null };

/** The columns of a run as `--json` has them. */
const fieldsOf =
  (name: (row: Upcoming) => string) =>
  <Row extends Upcoming>(row: Row) => ({
    name: name(row),
    scheduled_for: row.slot,
    next_execution_at: row.start,
    maintenance: row.maintenance,
  });

/** Slots come from the schedule; the run starts at the slot plus the bot's jitter, if it has one. */
export async function nextRuns(given: string | undefined, options: NextOptions): Promise<void> {
  const { count = 5, limit = 100 } = options;
  const misplaced = given === undefined ? options.count && '--count' : options.limit && '--limit';
  if (misplaced)
    throw new UsageError({
      what: `${misplaced} cannot be used here`,
      why:
        given === undefined
          ? 'the next run of every bot is shown, and --count is for the runs of one bot'
          : 'the runs of one bot are shown, and --limit is for the list of all bots',
      hint:
        given === undefined
          ? '`npx roundsman bots next NAME --count 3`'
          : `\`npx roundsman bots next ${given} --count 3\``,
    });
  await withDatabase(({ db }) =>
    given === undefined ? nextOfAll(db, { ...options, limit }) : nextOf(db, given, count, options),
  );
}

async function nextOfAll(
  db: Session['db'],
  options: NextOptions & { limit: number },
): Promise<void> {
  const { next, now, all } = await nextRunOfEach(db, { limit: rowsToRead(options) });
  const rows = next.map(async (row) => ({
    ...row,
    schedule: row.error
      ? paint('red', printable(row.error))
      : isTable(options)
        ? await scheduleInWords(row.bot)
        : printable(row.bot.schedule_cron),
  }));
  type Row = Awaited<(typeof rows)[number]>;
  const columns: Column<Row>[] = [
    { name: 'name', head: 'Bot', cell: ({ bot }) => printable(bot.name) },
    {
      name: 'next_execution_at',
      head: inOwnZone('Next', now),
      cell: ({ start }) => start && clock(start, now),
    },
    // For a program the time says it all.
    ...(isTable(options) ? [awayColumn<Row>(now)] : []),
    { name: 'schedule_cron', head: 'Schedule', cell: ({ schedule }) => schedule },
    maintenanceColumn(now),
  ];
  await list({
    options,
    rows: await Promise.all(rows),
    columns,
    fields: (row) => fieldsOf(() => row.bot.name)(row),
    count: all,
    empty: 'No active bots.',
  });
}

async function nextOf(
  db: Session['db'],
  given: string,
  count: number,
  options: NextOptions,
): Promise<void> {
  const { bot, zone, schedule, next, now } = await runsOf(db, { bot: given, count });
  const isSpread = bot.jitter_seconds > 0;
  const isForPerson = isTable(options);
  const slotColumn = { name: 'scheduled_for', head: isOwnZone(zone) ? zone : zoneInWords(now) };
  const columns: Column<NextRun>[] = [
    {
      ...slotColumn,
      cell: ({ slot }) => (isForPerson && !options.time ? inZone(slot) : clock(slot, now)),
    },
    ...(isOwnZone(zone)
      ? []
      : [{ name: 'in_its_zone', head: zone, cell: ({ slot }: NextRun) => inZone(slot, zone) }]),
    ...(isSpread || !isForPerson
      ? [
          {
            name: 'next_execution_at',
            head: inOwnZone('Starts', now),
            cell: ({ start }: NextRun) =>
              isForPerson && !options.time ? inZone(start) : clock(start, now),
          },
        ]
      : []),
    ...(isForPerson ? [awayColumn<NextRun>(now)] : []),
    maintenanceColumn(now),
  ];
  await list({
    options: { ...options, limit: count },
    rows: next,
    columns,
    fields: fieldsOf(() => bot.name),
    heading: [`${paint('bold', printable(bot.name))}: ${schedule}`],
    empty: 'It never runs again.',
    notes: [
      ...(next.length < count && next.length > 0 ? ['none after that'] : []),
      ...(bot.status === 'active' ? [] : [`it takes none of them while it is ${bot.status}`]),
      ...(isSpread
        ? [
            `each start is spread over ${bot.jitter_seconds} s (jitter), and over less than half the time to the next slot`,
          ]
        : []),
    ],
  });
}

/** Says which slots maintenance skips, and until when; shown only where it skips one. */
const maintenanceColumn = <Row extends Upcoming>(now: Date): Column<Row> => ({
  name: 'maintenance',
  head: 'Maintenance',
  cell: ({ maintenance: window }) =>
    window &&
    paint(
      'yellow',
      `skipped: ${printable(window.reason)} (${shortId(window.id)}), until ${time(window.ends_at, now)}`,
    ),
  cellForPrograms: ({ maintenance: window }) => window && window.id,
  hiddenWhenEmpty: true,
});

/** How far away the start is. A slot that is due but not claimed yet is still the next one. */
const awayColumn = <Row extends Upcoming>(now: Date): Column<Row> => ({
  name: 'away',
  head: '',
  cell: ({ start }) =>
    start &&
    (start <= now
      ? paint('yellow', `due ${relative(start, now)}`)
      : `in ${spanInTwo(start.getTime() - now.getTime())}`),
  sortValue: ({ start }) => start,
});
