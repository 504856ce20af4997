import { countBehind, restoreSilence, type SilenceRow } from '../../../data/bots/bot-silences.ts';
import { counted, time } from '../../../ground/text.ts';
import { authorise } from '../../actor.ts';
import { changing } from '../../changing.ts';
import { tryOut } from '../try-out.ts';
import { refuseAbsent, RevertRefusedError, type Reverter, type Wanted } from './reverter.ts';

export const silenceReverter: Reverter = {
  columns: null,
  async consequences(context, wanted) {
    const restored = await tryOut(context.db, (db) => write({ ...context, db }, wanted));
    if (restored.ended_at !== null) return ['it is over: people are told of what it hid'];
    const until = restored.until_resolved
      ? 'until what it covers is resolved'
      : `until ${time(restored.expires_at)} UTC`;
    const behind = await countBehind(context.db, restored.id);
    return [
      `it is in force again, ${until}`,
      ...(behind > 0
        ? [`${counted(behind, 'open finding')} behind what it covers are not silenced`]
        : []),
    ];
  },
  write,
};

async function write(
  { db, actor }: Parameters<Reverter['write']>[0],
  wanted: Wanted,
): Promise<SilenceRow> {
  authorise(actor, 'change silences', 'operator');
  const { named, definition, version } = wanted;
  if (!definition)
    throw refuseAbsent(wanted, `\`npx roundsman silences end ${named.name}\` ends it`);
  const restored = await changing({ db, actor }, (trx) =>
    restoreSilence(trx, named.definition, definition),
  );
  if (restored) return restored;
  throw new RevertRefusedError({
    what: `silence ${named.name} was not set back to version ${version}`,
    why: `its time was over at ${time(String(definition.expires_at))} UTC, or its row is gone`,
    hint: '`npx roundsman silences add` begins a new one',
  });
}
