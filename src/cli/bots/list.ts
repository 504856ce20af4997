import { printable } from '../../ground/text.ts';
import { listBots as list, type BotRow, type ExecutionRow } from '../../services/bots/list.ts';
import { scheduleInWords } from '../../services/bots/schedule.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, paint, relative, say, state, stateAs, time, upTo } from '../terminal/print.ts';
import { isWide, table } from '../terminal/table.ts';

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
  // The day is shown only if it is not today.
  const shown = time(at);
  return `${relative(at, now)}, ${shown.slice(0, 10) === time(now).slice(0, 10) ? shown.slice(11, 16) : shown.slice(0, 16)}`;
}

interface ListOptions {
  limit: number;
  removed?: true;
  json?: true;
}

export const listBots = (options: ListOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { limit, removed = false } = options;
    const { runs, findings, now, ...found } = await list(db, { limit: limit + 1, removed });
    const bots = upTo(found.bots, options.limit);
    if (options.json)
      return json(
        bots.map((bot) => ({
          ...bot,
          open_findings: findings.get(bot.id) ?? 0,
          bot_executions: runs.has(bot.id) ? [runs.get(bot.id)] : [],
        })),
      );
    const rows = await Promise.all(
      bots.map(async (bot) => [
        printable(bot.name),
        statusOf(bot),
        isWide() ? await scheduleInWords(bot) : printable(bot.schedule_cron),
        lastRun(runs.get(bot.id), now),
        nextRun(bot, now),
        String(findings.get(bot.id) ?? 0),
      ]),
    );
    table(['Bot', 'Status', 'Schedule', 'Last run', 'Next run (UTC)', 'Open'], rows, noBots);
    const inError = bots.filter(({ status }) => status === 'error');
    if (inError.length > 0) say();
    for (const { name, status_reason } of inError)
      say(
        `${paint('red', printable(name))}: ${printable(status_reason ?? 'no reason was recorded')}`,
        '  ',
      );
    if (bots.some((bot) => bot.status === 'active' && !bot.next_execution_at))
      note(
        "not planned yet: the scheduler's next tick plans them; `npx roundsman up` starts a scheduler",
      );
  });
