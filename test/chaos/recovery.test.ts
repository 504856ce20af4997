/** What the harness accepts as the reason for another attempt, tested with invented histories. */
import { describe, expect, test } from 'vitest';
import type { Attempt } from './attempts.ts';
import type { Life } from './crew.ts';
import type { MadeFault } from './make-faults.ts';
import type { Kind } from './plan.ts';
import { hitsOf, recoveryTimes, unexplainedAttempts } from './recovery.ts';

const second = 1_000;

const fault = (kind: Kind, target: string | null, began: number, ended = began): MadeFault => ({
  kind,
  target,
  missed: null,
  atMs: 0,
  pick: 0,
  lastsMs: 0,
  began: began * second,
  ended: ended * second,
});

/** An attempt on worker-1 that was lost; the run began again at `againAt`. */
const lost = (from: number, to: number, againAt: number, run = 'run'): Attempt => ({
  run,
  bot: 'bot',
  fence: 1,
  post: 'worker-1',
  status: 'queued',
  reason: 'worker lost',
  from: from * second,
  to: to * second,
  againAt: againAt * second,
});

const life = (endedAt: number, endedFor: string | null) =>
  ({ post: { name: 'worker-1' }, endedAt: endedAt * second, endedFor }) as Life;

describe('another attempt', () => {
  const judged = (attempts: Attempt[], made: MadeFault[], lives: Life[] = []) =>
    unexplainedAttempts(attempts, hitsOf(made, lives), () => false);

  test('is accounted for by a fault that hit its worker', () => {
    expect(judged([lost(10, 16, 17)], [fault('kill worker', 'worker-1', 11)])).toEqual([]);
    expect(judged([lost(10, 16, 17)], [fault('restart Postgres', null, 11, 13)])).toEqual([]);
    expect(judged([lost(10, 16, 17)], [], [life(11, null)])).toEqual([]);
  });

  test.each(['set slots back', 'flush', 'kill scheduler'] as const)(
    'is not accounted for by %s, which costs none',
    (kind) => {
      expect(judged([lost(10, 16, 17)], [fault(kind, null, 11)])).toHaveLength(1);
    },
  );

  test('is accounted for by one fault once', () => {
    const killed = [fault('kill worker', 'worker-1', 11)];
    const ended = [life(11.1, 'kill worker')];
    const twice = [lost(10, 16, 17), lost(17, 23, 24)];
    expect(judged(twice, killed, ended)).toEqual([
      'run run: 2 further attempts, and 1 faults that hit it',
    ]);
    const again = [...killed, fault('kill worker', 'worker-1', 18)];
    expect(judged(twice, again, [...ended, life(18.1, 'kill worker')])).toEqual([]);
  });
});

describe('recovery', () => {
  const took = (made: MadeFault[]) => {
    const all = [fault('kill worker', 'worker-1', 11), ...made];
    return recoveryTimes([lost(10, 16, 40)], hitsOf(all, []), all);
  };

  test('counts from the fault', () => {
    expect(took([])).toEqual([29 * second]);
  });

  test('counts from the end of an outage that came in its way', () => {
    expect(took([fault('restart Redis', null, 15, 30)])).toEqual([10 * second]);
  });

  test.each(['kill child', 'freeze Redis'] as const)(
    'does not count from an earlier %s, which costs no lease',
    (kind) => {
      const made = [fault(kind, 'worker-1', 10.5), fault('kill worker', 'worker-1', 11)];
      expect(recoveryTimes([lost(10, 16, 17)], hitsOf(made, []), made)).toEqual([6 * second]);
    },
  );

  test('leaves out the time in which another run of the bot was in its place', () => {
    const made = [fault('kill worker', 'worker-1', 11)];
    const other = { ...lost(16, 36, 0, 'other'), status: 'success', reason: null, againAt: null };
    const all = [lost(10, 16, 40), other, { ...other, bot: 'another bot' }];
    expect(recoveryTimes(all, hitsOf(made, []), made)).toEqual([9 * second]);
  });

  test('is not excused by an outage that began when it had to be over', () => {
    expect(took([fault('restart Redis', null, 35, 39)])).toEqual([29 * second]);
  });
});
