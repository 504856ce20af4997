import type { BotRow } from '../../../data/bots/bots.ts';
import { currentTime } from '../../../data/bots/engine.ts';
import type { Db } from '../../../database/connect.ts';
import { counted, time } from '../../../ground/text.ts';
import { editableColumns } from '../../bots/definition.ts';
import { editBot } from '../../bots/edit.ts';
import { nextRuns } from '../../bots/next.ts';
import { runsADay, scheduleInWords } from '../../bots/schedule.ts';
import { botOf } from '../../references/named.ts';
import { tryOut } from '../try-out.ts';
import { refuseAbsent, type Reverter, type Wanted } from './reverter.ts';

/** How many runs of the schedule are named. */
const namedRuns = 5;

export const botReverter: Reverter = {
  columns: editableColumns,
  otherCommands: { name: 'bots rename', status: 'bots pause|resume|enable|disable' },
  async consequences(context, wanted) {
    const before = await botOf(context.db, wanted.named.definition);
    return tryOut(context.db, async (db) => {
      const { bot, changed } = await edit({ ...context, db }, wanted);
      const isRescheduled = changed.some((column) =>
        ['schedule_cron', 'timezone'].includes(column),
      );
      return [
        ...(isRescheduled ? await ofSchedule(db, before, bot) : []),
        ...(before.status === 'error' && bot.status === 'active'
          ? [`${bot.name} is no longer in error, and runs again`]
          : []),
        ...(bot.status !== 'active' ? [`${bot.name} stays ${bot.status} and runs nothing`] : []),
      ];
    });
  },
  write: edit,
};

function edit(
  context: Parameters<Reverter['write']>[0],
  { named, definition, ...rest }: Wanted,
): ReturnType<typeof editBot> {
  if (!definition)
    throw refuseAbsent(
      { named, definition, ...rest },
      `\`npx roundsman bots remove ${named.name}\` removes it`,
    );
  return editBot(context, { bot: named.definition, edit: definition as Partial<BotRow> });
}

async function ofSchedule(db: Db, before: BotRow, after: BotRow): Promise<string[]> {
  const now = await currentTime(db);
  const { next } = await nextRuns(db, { bot: after.id, count: namedRuns });
  // A bot whose schedule cannot be read does not run.
  const runs = [before, after].map((bot) => runsADay(bot.schedule_cron, bot.timezone, now) ?? 0);
  return [
    `it runs ${await scheduleInWords(after)}; it ran ${await scheduleInWords(before)}`,
    `the next runs would be at ${next.map(({ slot }) => time(slot)).join(', ')} UTC`,
    `${counted(runs[1]!, 'run')} in the next 24 hours, ${runs[0]} as it is now`,
  ];
}
