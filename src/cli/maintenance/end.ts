import { printable } from '../../ground/text.ts';
import { endMaintenance as end } from '../../services/maintenance/end.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say, shortId, time } from '../terminal/print.ts';

export const endMaintenance = (
  given: string,
  { as, json: asJson, all }: { all?: true; as?: string; json?: true },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { maintenance, comesAgain, wasInForce } = await end(
      { db, actor: actorOf(as) },
      { window: given, all },
    );
    const { occurrences: _, ...window } = maintenance;
    if (asJson) return printJson(window);
    const short = shortId(window.id);
    say(
      comesAgain
        ? `Ended this occurrence of maintenance ${short} of ${printable(window.owner)}; it comes again at ${time(window.starts_at)}, unless \`npx roundsman maintenance end ${short} --all\`.`
        : `Ended maintenance ${short} of ${printable(window.owner)}.`,
    );
    if (wasInForce) say('What is still open gets its ticket when the next run of its bot ends.');
  });
