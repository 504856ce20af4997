import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { replay, type ReplayOptions } from './replay.ts';
import { patternWarnings } from './warnings.ts';

export { checkPattern } from '../../heal/patterns/pattern.ts';
export type { Replay } from './replay.ts';

/** What a pattern, which `checkPattern` has accepted, would have matched, and matched wrongly; stores nothing. */
export async function tryPattern(
  db: Db,
  { pattern, ...options }: ReplayOptions & { pattern: string },
) {
  const found = await replay(db, pattern, options);
  return { found, warnings: patternWarnings(pattern), now: await currentTime(db) };
}
