import { printable } from '../../ground/text.ts';
import { showDependents, type BotDependents } from '../../services/bots/dependents.ts';
import { disableBot as disable, enableBot as enable } from '../../services/bots/enable.ts';
import type { BotRow } from '../../services/bots/list.ts';
import { botOf } from '../../services/references/named.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { confirmWithDependents } from '../terminal/confirm.ts';
import { doEach } from '../terminal/do-each.ts';
import { counted, say } from '../terminal/print.ts';
import { dependentsInWords } from './dependents.ts';

/** What becomes of the runs that were open. */
export const runsInWords = ({
  cancelled,
  stopping,
}: {
  cancelled: number;
  stopping: number;
}): string[] => [
  ...(cancelled > 0 ? [`Cancelled ${counted(cancelled, 'run')} that had not begun.`] : []),
  ...(stopping > 0
    ? [`Asked ${counted(stopping, 'run')} to end; workers do that within seconds.`]
    : []),
];

interface DisableOptions {
  reason?: string;
  yes?: true;
  json?: true;
}

export async function disableBots(given: string[], options: DisableOptions): Promise<void> {
  const catalogue = await loadCatalogue();
  await withDatabase(({ db }) =>
    doEach(given, options, {
      idOf: async (name) => (await botOf(db, name)).id,
      act: (name) => disableOne({ db, catalogue }, name, options),
    }),
  );
}

/** Disables one bot; returns undefined where the person said no. */
async function disableOne(
  { db, catalogue }: Parameters<typeof showDependents>[0],
  given: string,
  options: DisableOptions,
) {
  const { bot: seen, dependents } = await showDependents({ db, catalogue }, { bot: given });
  const depends = dependentsInWords(dependents);
  const goOn =
    seen.status === 'disabled' ||
    depends.length === 0 ||
    (await confirmWithDependents({
      question: `Disable ${seen.name}? Its open runs are cancelled.`,
      depends,
      yes: options.yes,
    }));
  if (!goOn) return undefined;
  const { bot, unchanged, ...runs } = await disable(
    { db, actor: actorOf() },
    { bot: seen.id, reason: options.reason?.trim() || null },
  );
  if (!options.json) tellDisabled(bot, unchanged, runs, dependents);
  return { ...bot, ...runs };
}

function tellDisabled(
  bot: BotRow,
  unchanged: boolean,
  runs: Parameters<typeof runsInWords>[0],
  dependents: BotDependents,
): void {
  const word = bot.removed_at ? 'was removed' : 'is disabled already';
  const why = bot.status_reason ? `: ${printable(bot.status_reason)}` : '';
  if (unchanged) return say(`${bot.name} ${word}${why}.`);
  say(`Disabled ${bot.name}. \`npx roundsman bots enable ${bot.name}\` lets it run again.`);
  for (const line of runsInWords(runs)) say(line);
  if (dependents.openFindings + dependents.openTickets > 0)
    say('Its findings and tickets stay open as they were last seen: nothing looks at them.');
}

export const enableBots = (given: string[], options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(), catalogue: loadCatalogue };
    await doEach(given, options, {
      idOf: async (name) => (await botOf(db, name)).id,
      async act(name) {
        const enabled = await enable(context, { bot: name });
        if (!options.json) tellEnabled(enabled);
        return enabled.bot;
      },
    });
  });

function tellEnabled({ bot, unchanged, wasRemoved }: Awaited<ReturnType<typeof enable>>): void {
  if (unchanged) return say(`${bot.name} is active already.`);
  say(
    `Enabled ${bot.name}${wasRemoved ? ', which was removed' : ''}. Its next run is planned at the scheduler's next tick.`,
  );
  if (wasRemoved)
    say('What was resolved when it was removed comes back when a run finds it again.');
}
