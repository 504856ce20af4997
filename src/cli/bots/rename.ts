import { showDependents } from '../../services/bots/dependents.ts';
import { checkName, renameBot as rename } from '../../services/bots/rename.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { confirmWithDependents } from '../terminal/confirm.ts';
import { printJson, say } from '../terminal/print.ts';
import { referencesInWords } from './dependents.ts';

export async function renameBot(
  given: string,
  name: string,
  options: { yes?: true; json?: true },
): Promise<void> {
  checkName(name);
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const { bot: seen, dependents } = await showDependents({ db, catalogue }, { bot: given });
    const depends = referencesInWords(dependents);
    const goOn =
      seen.name === name ||
      depends.length === 0 ||
      (await confirmWithDependents({
        question: `Rename ${seen.name} to ${name}?`,
        depends,
        yes: options.yes,
      }));
    if (!goOn) return;
    const { bot, before, unchanged, newNameOfRemoved } = await rename(
      { db, actor: actorOf() },
      { bot: seen.id, name },
    );
    if (options.json) return printJson(bot);
    if (unchanged) return say(`Nothing to change: it is called ${bot.name} already.`);
    say(`Renamed ${before} to ${bot.name}. Its history shows the new name.`);
    if (newNameOfRemoved)
      say(`The removed bot that was called ${bot.name} is ${newNameOfRemoved} now.`);
  });
}
