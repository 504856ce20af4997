import type { Db } from '../../database/connect.ts';
import { ping } from '../../database/ping.ts';
import { settlesWithin } from '../../ground/settles-within.ts';

const answersWithinMs = 2_000;
const keptMs = 1_000;

const newest = new WeakMap<Db, { at: number; answer: Promise<boolean> }>();

/** Whether the database answers within 2 s. It is asked once a second at most, however often this is called. */
export function isAnswering(db: Db): Promise<boolean> {
  const known = newest.get(db);
  if (known && performance.now() - known.at < keptMs) return known.answer;
  const answer = settlesWithin(answersWithinMs, ping(db)).catch(() => false);
  newest.set(db, { at: performance.now(), answer });
  return answer;
}
