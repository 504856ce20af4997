/**
 * A worker whose clock is an hour ahead. On the Postgres backend it must refuse, on Redis it must do no harm; the
 * others go on.
 */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Done, Stage } from './faults.ts';
import type { Planned } from './plan.ts';

const library = () => globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];

/** Only where nobody minds, as with redis-server: root on Debian. */
export function provideFaketime(): string {
  if (!library() && process.getuid?.() === 0)
    execFileSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'faketime'], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  const found = library();
  if (!found) throw new Error('libfaketime is needed: `apt-get install faketime`');
  return found;
}

const readyWithinMs = 25_000;
const worksForMs = 6_000;
/** Longer than what other faults may be doing to them at the same time. */
const goOnWithinMs = 15_000;

export async function setClockOff(
  { crew, redis, postgres }: Stage,
  { atMs }: Planned,
): Promise<Done> {
  const environment = {
    LD_PRELOAD: provideFaketime(),
    FAKETIME: '+1h',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  const name = `clock-${atMs}`;
  const post = await crew.add('worker', name, { environment, kept: false });
  const life = post.life!;
  /** of the others: a worker's name holds its process id */
  const successes = async () => {
    const [row] = await postgres.ask<{ count: number }>(
      `SELECT count(*)::int FROM bot_executions WHERE status = 'success' AND worker NOT LIKE $1`,
      [`%-${life.pid}-%`],
    );
    return row!.count;
  };
  const before = await successes();
  const seen = () => life.endedAt !== null || life.readyAt !== null;
  for (const deadline = Date.now() + readyWithinMs; !seen() && Date.now() < deadline;)
    await sleep(50);
  if (life.readyAt !== null) await sleep(worksForMs);
  const refused = life.endedAt !== null && life.endedFor === null && /clock/.test(life.lastWords);
  const worked = life.readyAt !== null && life.endedAt === null;
  crew.end(post, 'SIGTERM', 'clock an hour off');
  // Whatever it does, the others go on.
  for (const deadline = Date.now() + goOnWithinMs; (await successes()) === before; await sleep(250))
    if (Date.now() > deadline) return { missed: 'no run of the others has succeeded meanwhile' };
  // Refused for another reason, as when its server was away just then: it did not happen this time.
  if (redis ? worked : refused) return { target: name };
  return { missed: life.endedAt ? `it ended: ${life.lastWords.slice(-300)}` : 'it did not refuse' };
}
