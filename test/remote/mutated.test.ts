/** Ten thousand damaged answers: each is read or refused with a sentence, and the memory does not grow with them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { remoteConfig } from '../../src/remote/config.ts';
import { UnfitAnswerError } from '../../src/remote/json.ts';
import { maxAnswerBytes, readReply } from '../../src/remote/reply.ts';
import { readAnswer } from '../../src/remote/result.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { signingSecret } from './scene.ts';

const rounds = 10_000;
/** How much the heap may grow, in bytes: the bound that remote bots are promised to keep. */
const maxGrowth = 64 * 1_048_576;

const whole = {
  signed: JSON.stringify({
    checks: [
      {
        name: 'mails',
        examined: ['outbox', 'inbox', '__proto__'],
        findings: [
          {
            title: 'mails wait \u{1F4EC}',
            component: 'outbox',
            severity: 'high',
            metadata: {
              list: [1, 2.5, -3e7, null, true],
              text: 'a "quoted" one',
              deep: { a: [{}] },
            },
            dependsOn: ['smtp'],
          },
        ],
        figures: [{ name: 'waiting', value: 400, unit: 's' }],
      },
      { name: 'disk', error: 'no answer' },
    ],
  }),
  cron: '{"success":true,"bot":"mail","executionId":"e","result":{"status":"completed","executionTimeMs":12,"checksPerformed":4,"issuesFound":3,"issuesFixed":1,"ticketsCreated":0}}',
};

/** A generator with a seed (mulberry32), so that a failure can be repeated. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '\0',
  '\uD800',
  'null',
  '-',
  '1e999',
  '0.1',
  'true',
  ' ',
  '"__proto__":{"a":1},',
  '"constructor":',
  '"checks":[',
  '\u202E',
  '\\u0000',
  '\u001B[31m',
  '['.repeat(40),
  'x'.repeat(5_000),
];

function damaged(text: string, random: (below: number) => number): string {
  let result = text;
  for (let times = 1 + random(4); times > 0; times -= 1) {
    const at = random(result.length + 1);
    const piece = pieces[random(pieces.length)]!;
    const length = random(12);
    const kind = random(4);
    if (kind === 0) result = result.slice(0, at) + piece + result.slice(at);
    else if (kind === 1) result = result.slice(0, at) + result.slice(at + length);
    else if (kind === 2) result = result.slice(0, at) + piece + result.slice(at + length);
    else result = result.slice(0, at) + result.slice(at, at + length * 8) + result.slice(at);
  }
  return result.slice(0, maxAnswerBytes);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test.each(['signed', 'cron'] as const)(
  'damaged answers of the contract %s',
  (contract) => {
    const config = remoteConfig.parse({ contract });
    const random = chance(contract === 'signed' ? 1 : 2);
    const secrets = [{ name: 'BOT_KEY', value: signingSecret }];
    const now = new Date('2027-01-10T12:00:00Z');
    const outcomes = { read: 0, refused: 0 };
    const before = heap();
    for (let at = 0; at < rounds; at += 1) {
      const body = at === 0 ? whole[contract] : damaged(whole[contract], random);
      const answer = { status: 200, body, headers: {}, cut: false, ms: 1 };
      try {
        const reply = readReply(answer, config, secrets, now);
        if (reply.kind !== 'body') throw new Error('it has a body');
        const read = readAnswer(reply.body, config, { component: 'host/path', remembered: [] });
        // What the contract of remote bots lets through, the contract of checks accepts.
        if ('result' in read) readResult(read.result);
        outcomes.read += 1;
      } catch (error) {
        if (!(error instanceof UnfitAnswerError))
          throw new Error(`answer ${at}: ${body}`, { cause: error });
        expect(error.message.length).toBeLessThan(3_000);
        outcomes.refused += 1;
      }
    }
    expect(heap() - before).toBeLessThan(maxGrowth);
    expect(outcomes.read).toBeGreaterThan(rounds / 100);
    expect(outcomes.refused).toBeGreaterThan(rounds / 2);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
  },
  60_000,
);
