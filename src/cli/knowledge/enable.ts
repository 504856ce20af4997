import { editKnowledge } from '../../data/bots/bot-knowledge.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { tellOfSecrets } from './warnings.ts';
import { json, say } from '../terminal/print.ts';
import { knowledgeOf } from '../../services/references/named.ts';

/** Characters of a reason that are kept. */
const longestReason = 500;

interface EnableOptions {
  reason?: string;
  as?: string;
  json?: true;
}

/** Lets an entry act again as its autonomy says, or not at all. */
export async function setEnabled(
  given: string,
  enabled: boolean,
  options: EnableOptions,
): Promise<void> {
  const why = options.reason?.trim() || null;
  if (why && [...why].length > longestReason)
    throw new UsageError({
      what: 'nothing was changed',
      why: `the reason is longer than ${longestReason} characters`,
      hint: 'say it shorter',
    });
  await withDatabase(async ({ db }) => {
    const { id, name } = await knowledgeOf(db, given);
    const edited = await editKnowledge(db, id, () => ({ enabled }), {
      actor: storable(actor(options.as)),
      why: why && storable(why),
    });
    if (enabled && edited) await tellOfSecrets(db, edited.after);
    if (options.json) return json(edited?.after ?? (await knowledgeOf(db, id)));
    const word = enabled ? 'enabled' : 'disabled';
    if (!edited) return say(`Nothing to change: ${name} is ${word} already.`);
    say(
      enabled
        ? `Enabled ${name}: it acts as its autonomy says (${edited.after.autonomy}).`
        : `Disabled ${name}: it is not applied any more, and nothing of it is lost.`,
    );
  });
}
