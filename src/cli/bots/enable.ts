import { printable } from '../../ground/text.ts';
import { showDependents } from '../../services/bots/dependents.ts';
import { disableBot as disable, enableBot as enable } from '../../services/bots/enable.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { confirmed } from '../terminal/confirm.ts';
import { counted, json, say } from '../terminal/print.ts';
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

export async function disableBot(
  given: string,
  options: { reason?: string; yes?: true; json?: true },
): Promise<void> {
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const { bot: seen, dependents } = await showDependents({ db, catalogue }, { bot: given });
    const depends = dependentsInWords(dependents);
    const goOn =
      seen.status === 'disabled' ||
      depends.length === 0 ||
      (await confirmed({
        question: `Disable ${seen.name}? Its open runs are cancelled.`,
        depends,
        yes: options.yes,
      }));
    if (!goOn) return;
    const { bot, same, ...runs } = await disable(
      { db, actor: actorOf() },
      { bot: seen.id, reason: options.reason?.trim() || null },
    );
    if (options.json) return json({ ...bot, ...runs });
    const word = bot.removed_at ? 'was removed' : 'is disabled already';
    const why = bot.status_reason ? `: ${printable(bot.status_reason)}` : '';
    if (same) return say(`${bot.name} ${word}${why}.`);
    say(`Disabled ${bot.name}. \`npx roundsman bots enable ${bot.name}\` lets it run again.`);
    for (const line of runsInWords(runs)) say(line);
    if (dependents.openFindings + dependents.openTickets > 0)
      say('Its findings and tickets stay open as they were last seen: nothing looks at them.');
  });
}

export const enableBot = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { bot, same, wasRemoved } = await enable(
      { db, actor: actorOf(), catalogue: loadCatalogue },
      { bot: given },
    );
    if (options.json) return json(bot);
    if (same) return say(`${bot.name} is active already.`);
    say(
      `Enabled ${bot.name}${wasRemoved ? ', which was removed' : ''}. Its next run is planned at the scheduler's next tick.`,
    );
    if (wasRemoved)
      say('What was resolved when it was removed comes back when a run finds it again.');
  });
