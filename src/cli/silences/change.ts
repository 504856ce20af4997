import { printable } from '../../ground/text.ts';
import { addSilence as add, silenceOf, silenceTextOf } from '../../services/silences/add.ts';
import { unmetBy } from '../../services/silences/unmet.ts';
import { endSilence as end } from '../../services/silences/end.ts';
import { actorOf } from '../arguments/actor.ts';
import { askFor, goesAhead } from '../terminal/ask.ts';
import { withDatabase } from '../session/database.ts';
import { json, say, shortId } from '../terminal/print.ts';
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
  const wanted = silenceOf(options);
  const reason =
    silenceTextOf('--reason', options.reason) ??
    (await askFor('--reason', 'Why', { isProse: true }));
  await withDatabase(async ({ db }) => {
    const unmet = await unmetBy(db, wanted);
    const question = `Nothing is silenced by this so far: ${unmet}. Silence it all the same?`;
    if (unmet && !(await goesAhead(options, question))) return;
    const { silence, bot } = await add({ db, actor: actorOf(options.as) }, { ...wanted, reason });
    if (options.json) return json(silence);
    say(`Silenced ${targetOf(silence, bot)} ${untilWhen(silence)}.`);
    say(`\`npx roundsman silences end ${shortId(silence.id)}\` ends it earlier.`);
  });
}

export const endSilence = (given: string, options: { json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const ended = await end({ db, actor: actorOf() }, { silence: given });
    if (options.json) return json(ended);
    say(`Ended silence ${shortId(ended.id)} of ${printable(ended.owner)}.`);
  });
