import { printable } from '../../ground/text.ts';
import { listBots as read, type BotRow, type ExecutionRow } from '../../services/bots/list.ts';
import { hasDatabase, withDatabase } from '../session/database.ts';
import type { ListOptions } from '../arguments/show-options.ts';
import { isTable, list, rowsToRead, type Column } from '../listing/list.ts';
import { paint, relative, state, stateAs } from '../terminal/print.ts';
import { isWide } from '../terminal/table.ts';
import { inOwnZone, time, upcoming } from '../terminal/times.ts';

export const noBots =
  'No bots yet. `npx roundsman up` adds the built-in ones; `npx roundsman bots add` adds your own.';

const lastRun = (run: ExecutionRow | undefined, now: Date): string =>
  run ? `${state(run.status)} ${relative(run.completed_at ?? run.started_at, now)}` : '-';

/** Its status, or that it was removed. */
export const statusOf = ({ status, removed_at }: BotRow): string =>
  removed_at ? stateAs(status, 'removed') : state(status);

/** When a bot runs next, as planned by the scheduler. */
export function nextRun(bot: BotRow, now: Date): string {
  if (bot.status !== 'active') return '-';
  const at = bot.next_execution_at;
  if (!at) return 'not planned yet';
  if (at <= now) return paint('yellow', `due ${relative(at, now)}`);
  return upcoming(at, now);
}

interface BotsOptions extends ListOptions {
  limit: number;
  removed?: true;
}

interface Listed {
  bot: BotRow;
  run: ExecutionRow | undefined;
  open: number;
  /** as a person reads it */
  schedule: string;
}

const columns = (now: Date): Column<Listed>[] => [
  { name: 'name', head: 'Bot', cell: ({ bot }) => printable(bot.name) },
  { name: 'status', head: 'Status', cell: ({ bot }) => statusOf(bot) },
  { name: 'schedule_cron', head: 'Schedule', cell: ({ schedule }) => schedule },
  {
    name: 'last_run',
    head: 'Last run',
    cell: ({ run }) => (run ? lastRun(run, now) : null),
    cellForPrograms: ({ run }) => (run ? time(run.completed_at ?? run.started_at, now) : null),
    sortValue: ({ run }) => run?.completed_at ?? run?.started_at,
  },
  {
    name: 'last_status',
    head: 'Last status',
    cell: ({ run }) => run?.status ?? null,
    sortValue: ({ run }) => run?.status,
    onlyForPrograms: true,
  },
  {
    name: 'next_execution_at',
    head: inOwnZone('Next run', now),
    cell: ({ bot }) => (bot.status === 'active' ? nextRun(bot, now) : null),
    cellForPrograms: ({ bot: { status, next_execution_at: at } }) =>
      status === 'active' && at ? time(at, now) : null,
    sortValue: ({ bot }) => (bot.status === 'active' ? bot.next_execution_at : null),
  },
  { name: 'open_findings', head: 'Open', cell: ({ open }) => String(open) },
];

const fields = ({ bot, run, open }: Listed) => ({
  ...bot,
  open_findings: open,
  bot_executions: run ? [run] : [],
});

export const listBots = async (options: BotsOptions): Promise<void> =>
  (await hasDatabase())
    ? listRows(options)
    : (await import('./list-before-start.ts')).listBeforeStart(options);

const listRows = (options: BotsOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { removed = false } = options;
    const { bots, runs, findings, now, count } = await read(db, {
      limit: rowsToRead(options),
      removed,
    });
    // Loaded only for a wide terminal: without it the list needs nothing that reads cron.
    const { scheduleInWords } =
      isWide() && isTable(options)
        ? await import('../../services/bots/schedule.ts')
        : { scheduleInWords: null };
    const rows = bots.map(async (bot) => ({
      bot,
      run: runs.get(bot.id),
      open: findings.get(bot.id) ?? 0,
      schedule: scheduleInWords ? await scheduleInWords(bot) : printable(bot.schedule_cron),
    }));
    const inError = bots.slice(0, options.limit).filter(({ status }) => status === 'error');
    const isUnplanned = bots.some((bot) => bot.status === 'active' && !bot.next_execution_at);
    await list({
      options,
      rows: await Promise.all(rows),
      columns: columns(now),
      fields,
      count,
      empty: noBots,
      after: inError.map(
        ({ name, status_reason }) =>
          `${paint('red', printable(name))}: ${printable(status_reason ?? 'no reason was recorded')}`,
      ),
      notes: isUnplanned
        ? [
            "not planned yet: the scheduler's next tick plans them; `npx roundsman up` starts a scheduler",
          ]
        : [],
    });
  });
