import { printable } from '../../ground/text.ts';
import type { BotRow } from '../../services/bots/list.ts';
import { pauseBot as pause, resumeBot as resume } from '../../services/bots/pause.ts';
import { botOf } from '../../services/references/named.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { doEach } from '../terminal/do-each.ts';
import { counted, note, say } from '../terminal/print.ts';

const becauseOf = ({ status_reason }: BotRow): string =>
  status_reason ? `: ${printable(status_reason)}` : '';

export const pauseBots = (
  given: string[],
  options: { reason?: string; json?: true },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const reason = options.reason?.trim() || null;
    await doEach(given, options, {
      idOf: async (name) => (await botOf(db, name)).id,
      async act(name) {
        const paused = await pause({ db, actor: actorOf() }, { bot: name, reason });
        if (!options.json) tellPaused(paused);
        return paused.bot;
      },
    });
  });

function tellPaused({ bot, unchanged, pendingRuns }: Awaited<ReturnType<typeof pause>>): void {
  if (unchanged) return say(`${bot.name} is paused already${becauseOf(bot)}.`);
  say(`Paused ${bot.name}. \`npx roundsman bots resume ${bot.name}\` lets it run again.`);
  if (pendingRuns > 0)
    note(
      `${counted(pendingRuns, 'run')} of it ${pendingRuns === 1 ? 'is' : 'are'} queued or running and will end as usual; \`npx roundsman runs cancel <id>\` stops one`,
    );
}

export const resumeBots = (given: string[], options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(), catalogue: loadCatalogue };
    await doEach(given, options, {
      idOf: async (name) => (await botOf(db, name)).id,
      async act(name) {
        const { bot, unchanged } = await resume(context, { bot: name });
        if (!options.json)
          say(
            unchanged
              ? `${bot.name} is active already.`
              : `Resumed ${bot.name}. Its next run is planned at the scheduler's next tick.`,
          );
        return bot;
      },
    });
  });
