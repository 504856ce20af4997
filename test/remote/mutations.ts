/** Damages answers of remote bots and reads each as a run does: from the bytes of its body to the result of the check. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bodyText } from '../../src/outbound/body-text.ts';
import { remoteConfig } from '../../src/remote/config.ts';
import { UnfitAnswerError } from '../../src/remote/json.ts';
import { maxAnswerBytes, readReply } from '../../src/remote/reply.ts';
import { readAnswer } from '../../src/remote/result.ts';
import { readResult } from '../../src/run/tasks/result.ts';
import { readReport } from '../../src/services/remote/receive-report.ts';
import { signingSecret } from './scene.ts';

/** Answers that fit, one of each contract. */
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
  async: '{"lease_seconds":600}',
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

/** Some bytes of the body are others: most of them are no UTF-8 then. */
function damagedBytes(text: string, random: (below: number) => number): Uint8Array {
  const bytes = Buffer.from(text).subarray(0, maxAnswerBytes);
  if (bytes.length > 0 && random(3) === 0)
    for (let times = 1 + random(3); times > 0; times -= 1)
      bytes[random(bytes.length)] = random(256);
  return bytes;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is in use after everything that can be removed was removed, in bytes: the heap, and buffers outside of it. */
function inUse(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export interface Read {
  /** how many were read, and how many refused */
  read: number;
  refused: number;
  /** the longest message of a refusal, in characters */
  longest: number;
  /** how much more memory was in use than before, at most, in bytes; looked at ten times */
  grown: number;
}

export type Kind = 'signed' | 'cron' | 'async' | 'report';

type Config = ReturnType<typeof remoteConfig.parse>;

const secrets = [{ name: 'BOT_KEY', value: signingSecret }];
const now = new Date('2027-01-10T12:00:00Z');

/** What the contract of remote bots lets through, the contract of checks accepts. */
function readResultOf(body: unknown, config: Config): void {
  const read = readAnswer(body, config, { component: 'host/path', remembered: [] });
  if ('result' in read) readResult(read.result);
}

/** Reads an answer: with 200, or, of the contract async, the 202 with a lease. */
function readAnswered(bytes: Uint8Array, status: number, config: Config): void {
  const body = bodyText(bytes, 'application/json');
  const reply = readReply({ status, body, headers: {}, cut: false, ms: 1 }, config, secrets, now);
  if (reply.kind === 'body') return readResultOf(reply.body, config);
  if (reply.kind !== 'accepted') throw new Error(`it is ${reply.kind}`);
  if (!(reply.leaseSeconds > 0)) throw new Error(`a lease of ${reply.leaseSeconds} s`);
}

/** Reads a report that comes later: first as the listener does, then, from what it stores, as the run does. */
function readReported(bytes: Uint8Array, config: Config): void {
  const taken = readReport(bytes, secrets);
  if ('why' in taken) throw new UnfitAnswerError(taken.why);
  readResultOf(JSON.parse(taken.body), config);
}

/** Throws at the first answer that ends otherwise than with a result or an {@link UnfitAnswerError}; the same seed damages alike. */
export function readDamaged(kind: Kind, rounds: number, seed: number): Read {
  const config = remoteConfig.parse({ contract: kind === 'report' ? 'async' : kind });
  const random = chance(seed);
  const fitting = kind === 'report' ? whole.signed : whole[kind];
  const outcome: Read = { read: 0, refused: 0, longest: 0, grown: 0 };
  const before = inUse();
  for (let at = 0; at < rounds; at += 1) {
    const bytes = at === 0 ? Buffer.from(fitting) : damagedBytes(damaged(fitting, random), random);
    try {
      if (kind === 'report') readReported(bytes, config);
      else readAnswered(bytes, kind === 'async' ? 202 : 200, config);
      outcome.read += 1;
    } catch (error) {
      if (!(error instanceof UnfitAnswerError))
        throw new Error(`answer ${at}: ${Buffer.from(bytes).toString()}`, { cause: error });
      outcome.longest = Math.max(outcome.longest, error.message.length);
      outcome.refused += 1;
    }
    if ((at + 1) % Math.ceil(rounds / 10) === 0)
      outcome.grown = Math.max(outcome.grown, inUse() - before);
  }
  return outcome;
}
