import { countOpenRuns } from '../../data/bots/bot-executions.ts';
import { changeBotStatus, type BotRow, type BotStatus } from '../../data/bots/bots.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { printable } from '../../ground/text.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { counted, json, note, say } from '../terminal/print.ts';
import { botOf } from '../../services/references/named.ts';

/** The bot's status does not lead where it was asked to go; `why` says what is in the way. */
export class WrongStatusError extends RoundsmanError {}

const becauseOf = ({ status_reason }: BotRow): string =>
  status_reason ? `: ${printable(status_reason)}` : '';

export const pauseBot = (given: string, options: { reason?: string; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const bot = await botOf(db, given);
    if (bot.status === 'disabled')
      throw new WrongStatusError({
        what: `${bot.name} cannot be paused`,
        why: `it is disabled and runs nothing anyway${becauseOf(bot)}`,
        hint: `\`npx roundsman bots resume ${bot.name}\` if it is to run again`,
      });
    const after =
      bot.status === 'paused'
        ? bot
        : await change(db, bot, 'paused', options.reason?.trim() || null);
    if (options.json) return json(after);
    if (after === bot) return say(`${bot.name} is paused already${becauseOf(bot)}.`);
    say(`Paused ${bot.name}. \`npx roundsman bots resume ${bot.name}\` lets it run again.`);
    const open = await countOpenRuns(db, bot.id);
    if (open > 0)
      note(
        `${counted(open, 'run')} of it ${open === 1 ? 'is' : 'are'} queued or running and will end as usual; \`npx roundsman runs cancel <id>\` stops one`,
      );
  });

export const resumeBot = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const bot = await botOf(db, given);
    if (bot.status !== 'active') await refuseUnfit(bot);
    const after = bot.status === 'active' ? bot : await change(db, bot, 'active', null);
    if (options.json) return json(after);
    if (after === bot) return say(`${bot.name} is active already.`);
    say(`Resumed ${bot.name}. Its next run is planned at the scheduler's next tick.`);
  });

/** A bot that would be in error again at the scheduler's next look is not resumed. */
async function refuseUnfit(bot: BotRow): Promise<void> {
  const catalogue = await loadCatalogue();
  try {
    inspectDefinition(bot, catalogue);
  } catch (error) {
    if (!(error instanceof RoundsmanError)) throw error;
    throw new WrongStatusError(
      {
        what: `${bot.name} cannot be resumed, it is ${bot.status}`,
        why: `it cannot run as it is defined: ${error.why}`,
        hint: `mend it with \`npx roundsman bots edit ${bot.name}\` first; ${error.hint}`,
      },
      { cause: error },
    );
  }
}

async function change(
  db: Db,
  { id, name, status }: BotRow,
  to: BotStatus,
  reason: string | null,
): Promise<BotRow> {
  const after = await changeBotStatus(db, id, status, to, reason);
  if (after) return after;
  const now = await botOf(db, id);
  throw new WrongStatusError({
    what: `${name} was not changed`,
    why: `somebody else was faster: it is ${now.status} now, it was ${status}`,
    hint: `see \`npx roundsman bots show ${name}\``,
  });
}
