import { checkName, renameKnowledge as rename } from '../../services/knowledge/rename.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';

/** Nothing refers to an entry by its name, so there is nothing to ask. */
export async function renameKnowledge(
  given: string,
  name: string,
  options: { as?: string; json?: true },
): Promise<void> {
  checkName(name);
  await withDatabase(async ({ db }) => {
    const { entry, before, unchanged, newNameOfRemoved } = await rename(
      { db, actor: actorOf(options.as) },
      { knowledge: given, name },
    );
    if (options.json) return printJson(entry);
    if (unchanged) return say(`Nothing to change: it is called ${entry.name} already.`);
    say(`Renamed ${before} to ${entry.name}. Its figures and its history stay with it.`);
    if (newNameOfRemoved)
      say(`The removed entry that was called ${entry.name} is ${newNameOfRemoved} now.`);
  });
}
