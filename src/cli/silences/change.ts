import { printable } from '../../ground/text.ts';
import { addSilence as add, silenceOf, silenceTextOf } from '../../services/silences/add.ts';
import { unknownNamesOf } from '../../services/silences/unknown-names.ts';
import { endSilence as end } from '../../services/silences/end.ts';
import { actorOf } from '../arguments/actor.ts';
import { askFor, goesAhead } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { withDraft } from '../terminal/draft.ts';
import { asReason } from '../terminal/long-text.ts';
import { printJson, say, shortId } from '../terminal/print.ts';
import { targetOf, untilWhen } from './words.ts';

interface AddOptions {
  bot?: string;
  component?: string;
  category?: string;
  fingerprint?: string;
  for?: number;
  untilResolved?: true;
  reason?: string;
  yes?: true;
  as?: string;
  json?: true;
}

export async function addSilence(options: AddOptions): Promise<void> {
  const target = silenceOf(options);
  const given = silenceTextOf('--reason', options.reason);
  await withDraft(asReason, (draft) =>
    withDatabase(async ({ db }) => {
      // A wrong name is reported before the reason is asked for.
      const warning = await unknownNamesOf(db, target);
      const reason = given ?? (await askFor('--reason', 'Why', { isProse: true, draft }));
      const question = `Nothing is silenced by this so far: ${warning}. Silence it all the same?`;
      if (warning && !(await goesAhead(options, question))) return draft.keepAnyway();
      const added = await add({ db, actor: actorOf(options.as) }, { ...target, reason });
      if (options.json) printJson({ ...added.silence, findings_behind: added.behind });
      else tellAdded(added);
    }),
  );
}

function tellAdded({ silence, bot, behind }: Awaited<ReturnType<typeof add>>): void {
  say(`Silenced ${targetOf(silence, bot)} ${untilWhen(silence)}.`);
  if (behind > 0) say(behindInWords(behind));
  say(`\`npx roundsman silences end ${shortId(silence.id)}\` ends it earlier.`);
}

/** What stands behind a silenced finding is not healed, and people are told of it. */
const behindInWords = (count: number): string =>
  count === 1
    ? "1 open finding stands behind what it silences. It is not silenced: if it has no ticket of its own, it gets one when its bot's next run ends, as its severity asks for."
    : `${count} open findings stand behind what it silences. They are not silenced: each that has no ticket of its own gets one when its bot's next run ends, as its severity asks for.`;

export const endSilence = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const ended = await end({ db, actor: actorOf() }, { silence: given });
    if (options.json) return printJson(ended);
    say(`Ended silence ${shortId(ended.id)} of ${printable(ended.owner)}.`);
  });
