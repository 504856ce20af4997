import { countedEach } from '../../ground/text.ts';
import { showDependents, type KnowledgeDependents } from '../../services/knowledge/dependents.ts';
import { reasonOf, removeKnowledge as remove } from '../../services/knowledge/remove.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { confirmWithDependents } from '../terminal/confirm.ts';
import { printJson, say } from '../terminal/print.ts';

interface RemoveOptions {
  reason?: string;
  as?: string;
  yes?: true;
  json?: true;
}

export async function removeKnowledge(given: string, options: RemoveOptions): Promise<void> {
  const reason = reasonOf(options.reason);
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db }) => {
    const { entry: seen, dependents } = await showDependents(
      { db, catalogue },
      { knowledge: given },
    );
    const goOn =
      seen.removed_at !== null ||
      (await confirmWithDependents({
        question: `Remove ${seen.name}? Its history stays.`,
        depends: dependentsInWords(dependents),
        yes: options.yes,
      }));
    if (!goOn) return;
    const { entry, unchanged } = await remove(
      { db, actor: actorOf(options.as) },
      { knowledge: seen.id, reason },
    );
    if (options.json) return printJson(entry);
    if (unchanged) return say(`${entry.name} was removed already.`);
    say(
      `Removed ${entry.name}; its history stays. \`npx roundsman knowledge enable ${entry.name}\` takes that back.`,
    );
    if (dependents.openActions > 0) say('What it has begun is concluded as usual.');
  });
}

/** One phrase for each kind of dependent that the entry has. */
function dependentsInWords(found: KnowledgeDependents): string[] {
  return [
    ...countedEach([
      [found.openActions, 'unfinished action'],
      [found.suggestions, 'suggestion'],
      [found.approvals, 'waiting approval'],
      [found.decisions, 'waiting decision'],
      [found.components, 'component with an autonomy of its own'],
    ]),
    ...found.seedOf.map((bot) => `the bot ${bot} of the catalogue, which brings it along`),
  ];
}
