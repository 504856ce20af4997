import { printable } from '../../ground/text.ts';
import { listSilences as list, type ListedSilence } from '../../services/silences/list.ts';
import { withDatabase } from '../session/database.ts';
import { json, paint, relative, shortId, time, upTo } from '../terminal/print.ts';
import { targetOf } from './words.ts';
import { table } from '../terminal/table.ts';

export const listSilences = (options: { all?: true; limit: number; json?: true }): Promise<void> =>
  withDatabase(async ({ db }) => {
    const filter = { all: options.all ?? false, limit: options.limit + 1 };
    const { now, ...found } = await list(db, filter);
    const silences = upTo(found.silences, options.limit);
    if (options.json) return json(silences);
    table(
      ['Silence', 'What', 'Hides', 'Until', 'By', 'Since', 'Why'],
      silences.map((silence) => [
        shortId(silence.id),
        targetOf(silence, silence.bots.name),
        silence.open_findings === null ? '-' : `${silence.open_findings} open`,
        end(silence, now),
        printable(silence.owner),
        relative(silence.created_at, now),
        printable(silence.reason),
      ]),
      options.all ? 'Nothing was ever silenced.' : 'Nothing is silenced.',
      ['Since', 'By'],
      ['Why'],
    );
  });

/** `resolved`, `in 2h`, `ended 3h ago` */
function end(silence: ListedSilence, now: Date): string {
  const { ended_at, until_resolved, expires_at } = silence;
  if (ended_at) return paint('dim', `ended ${relative(ended_at, now)}`);
  if (until_resolved) return 'resolved';
  if (expires_at! <= now) return paint('dim', `over ${relative(expires_at, now)}`);
  return `${relative(expires_at, now)} (${time(expires_at)} UTC)`;
}
