import { printable } from '../../ground/text.ts';
import { showDependents } from '../../services/bots/dependents.ts';
import { removeBot as remove } from '../../services/bots/remove.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { confirmWithDependents } from '../terminal/confirm.ts';
import { counted, printJson, say } from '../terminal/print.ts';
import { dependentsInWords } from './dependents.ts';
import { runsInWords } from './enable.ts';

export async function removeBot(
  given: string,
  options: { reason?: string; yes?: true; json?: true },
): Promise<void> {
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const { bot: seen, dependents } = await showDependents({ db, catalogue }, { bot: given });
    const goOn =
      seen.removed_at !== null ||
      (await confirmWithDependents({
        question: `Remove ${seen.name}? Its history stays, and its open findings and tickets are resolved.`,
        depends: dependentsInWords(dependents),
        yes: options.yes,
      }));
    if (!goOn) return;
    const { bot, unchanged, findings, tickets, ...runs } = await remove(
      { db, actor: actorOf() },
      { bot: seen.id, reason: options.reason?.trim() || null },
    );
    if (options.json) return printJson({ ...bot, ...runs, findings, tickets });
    if (unchanged) return say(`${bot.name} was removed already.`);
    say(
      `Removed ${bot.name}; its history stays. \`npx roundsman bots enable ${bot.name}\` takes that back.`,
    );
    if (findings + tickets > 0)
      say(`Resolved ${counted(findings, 'finding')} and ${counted(tickets, 'ticket')} of it.`);
    for (const line of runsInWords(runs)) say(line);
    if (dependents.playbooks.length > 0)
      say(
        `These playbooks name it, and cannot act on it: ${dependents.playbooks.map(printable).join(', ')}`,
      );
  });
}
