import { enableReasonOf, setEnabled as set } from '../../services/knowledge/enable.ts';
import { printable } from '../../ground/text.ts';
import { enablingLetsActAlone } from '../../services/knowledge/acts-alone.ts';
import { actorOf } from '../arguments/actor.ts';
import { goesAhead } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';
import { tellWarnings } from './warnings.ts';

interface EnableOptions {
  reason?: string;
  yes?: true;
  as?: string;
  json?: true;
}

/** Lets an entry act again as its autonomy allows, or stops it. */
export async function setEnabled(
  given: string,
  enabled: boolean,
  options: EnableOptions,
): Promise<void> {
  const reason = enableReasonOf(options.reason);
  await withDatabase(async ({ db }) => {
    const actsAlone = enabled && (await enablingLetsActAlone(db, { knowledge: given }));
    if (actsAlone && !(await goesAhead(options, `Let ${printable(given)} act alone again?`)))
      return;
    const { entry, changed, warnings } = await set(
      { db, actor: actorOf(options.as) },
      { knowledge: given, enabled, reason },
    );
    tellWarnings(warnings);
    if (options.json) return printJson(entry);
    const { name, autonomy } = entry;
    const word = enabled ? 'enabled' : 'disabled';
    if (!changed) return say(`Nothing to change: ${name} is ${word} already.`);
    say(
      enabled
        ? `Enabled ${name}: it acts as its autonomy says (${autonomy}).`
        : `Disabled ${name}: it is no longer applied; its figures and history are kept.`,
    );
  });
}
