import { printable } from '../../ground/text.ts';
import type { BotRow } from '../../services/bots/list.ts';
import { pauseBot as pause, resumeBot as resume } from '../../services/bots/pause.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { counted, json, note, say } from '../terminal/print.ts';

const becauseOf = ({ status_reason }: BotRow): string =>
  status_reason ? `: ${printable(status_reason)}` : '';

export const pauseBot = (given: string, options: { reason?: string; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, same, open } = await pause(
      { db, actor: actorOf() },
      { bot: given, reason: options.reason?.trim() || null },
    );
    if (options.json) return json(bot);
    if (same) return say(`${bot.name} is paused already${becauseOf(bot)}.`);
    say(`Paused ${bot.name}. \`npx roundsman bots resume ${bot.name}\` lets it run again.`);
    if (open > 0)
      note(
        `${counted(open, 'run')} of it ${open === 1 ? 'is' : 'are'} queued or running and will end as usual; \`npx roundsman runs cancel <id>\` stops one`,
      );
  });

export const resumeBot = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, same } = await resume(
      { db, actor: actorOf(), catalogue: loadCatalogue },
      { bot: given },
    );
    if (options.json) return json(bot);
    if (same) return say(`${bot.name} is active already.`);
    say(`Resumed ${bot.name}. Its next run is planned at the scheduler's next tick.`);
  });
