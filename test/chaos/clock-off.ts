/**
 * A fault: a worker whose clock is an hour ahead. With the queue on PostgreSQL it must refuse to start, with the queue on
 * Redis it must do no harm; the other workers go on.
 */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultResult, Stage } from './faults.ts';
import type { Planned } from './plan.ts';

const library = () => globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')[0];

/** Installs libfaketime if it is missing, but only as root: that is a container for tests. Returns its path. */
export function requireFaketime(): string {
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
/** The other workers have to go on within this time, which is longer than other faults may stop them. */
const goOnWithinMs = 15_000;

export async function setClockOff(
  { crew, redis, postgres }: Stage,
  { atMs }: Planned,
): Promise<FaultResult> {
  const environment = {
    LD_PRELOAD: requireFaketime(),
    FAKETIME: '+1h',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  const name = `clock-${atMs}`;
  const post = await crew.add('worker', name, { environment, kept: false });
  const life = post.life!;
  /** how many runs of other workers have succeeded; the name of a worker contains its process id */
  const successes = async () => {
    const [row] = await postgres.ask<{ count: number }>(
      `SELECT count(*)::int FROM bot_executions WHERE status = 'success' AND worker NOT LIKE $1`,
      [`%-${life.pid}-%`],
    );
    return row!.count;
  };
  const before = await successes();
  const hasDecided = () => life.endedAt !== null || life.readyAt !== null;
  for (const deadline = Date.now() + readyWithinMs; !hasDecided() && Date.now() < deadline;)
    await sleep(50);
  if (life.readyAt !== null) await sleep(worksForMs);
  const refused = life.endedAt !== null && life.endedFor === null && /clock/.test(life.lastOutput);
  const worked = life.readyAt !== null && life.endedAt === null;
  crew.end(post, 'SIGTERM', 'clock an hour off');
  // The other workers have to go on, whatever this one does.
  for (const deadline = Date.now() + goOnWithinMs; (await successes()) === before; await sleep(250))
    if (Date.now() > deadline) return { missed: 'no run of the others has succeeded meanwhile' };
  // If it refused for another reason, such as a server that was away, this fault did not happen this time.
  if (redis ? worked : refused) return { target: name };
  return {
    missed: life.endedAt ? `it ended: ${life.lastOutput.slice(-300)}` : 'it did not refuse',
  };
}
