import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linesOf, wordsOf, type Limits } from '../../src/notify/words/words.ts';
import { cutTo } from '../../src/notify/words/cut.ts';
import { safeLine } from '../../src/notify/words/safe.ts';
import {
  allOf,
  event,
  groupMessage,
  hostile,
  testMessage,
  ticketFacts,
  ticketMessage,
} from './scenes.ts';

const limits: Limits = { subject: 120, line: 200, body: 1_000, events: 3, tickets: 5 };
const text = (...[message, given = limits]: [Parameters<typeof wordsOf>[0], Limits?]): string =>
  linesOf(wordsOf(message, given)).join('\n');

// Whatever moves the cursor, colours, reorders or hides; lines are split before.
const raw = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u;
const link =
  /:\/\/|\bwww\d*\.\S|\b(mailto|tel|javascript|data):\S|[\p{L}\p{N}]\.\p{L}[\p{L}\p{N}-]+[/?#]/iu;

test('a ticket is told with how it stands, what happened, and what to type', () => {
  expect(
    text(
      ticketMessage(
        {
          status: 'assigned',
          assigned_to: 'ann',
          acknowledged_by: 'ann',
          acknowledged_at: new Date('2026-11-28T19:22:00Z'),
        },
        { events: [event('sentinel-api opened it'), event('ann acknowledged it', 22)] },
      ),
    ),
  ).toBe(
    `T-42: payments answer 500
critical, assigned, acknowledged

Assigned to   ann
Bot           sentinel-api
Component     payments
Category      api_error
Opened        2026-11-28 19:20:00 UTC
Times         3
Answer by     2026-11-28 19:35:00 UTC
Acknowledged  2026-11-28 19:22:00 UTC by ann

| POST /v1/payments answered 500 in 31 of 40 requests.

What happened
2026-11-28 19:20:00 UTC  sentinel-api opened it
2026-11-28 19:22:00 UTC  ann acknowledged it

npx roundsman tickets show T-42`,
  );
});

test('what is resolved says by whom and with what, and asks for nothing', () => {
  const resolved = text(
    ticketMessage({
      status: 'resolved',
      resolved_at: new Date('2026-11-28T20:00:00Z'),
      resolved_by: 'bob',
      resolution_notes: 'restarted it',
    }),
  );
  expect(resolved).toContain('Resolved   2026-11-28 20:00:00 UTC by bob');
  expect(resolved).toContain('Notes      restarted it');
  expect(resolved).not.toContain('Answer by');
  expect(resolved).not.toContain('tickets ack');
});

test('what is not acknowledged says how to', () =>
  expect(text(ticketMessage())).toContain('\nnpx roundsman tickets ack T-42'));

test('a group is told once, with how much of it is left', () => {
  const group = groupMessage({ count: 1_000, pending: { critical: 2, low: 7 } });
  expect(text(group)).toBe(
    `1000 tickets at once
still pending: 2 critical, 7 low

T-42  critical  open  payments answer 500
T-43  high  open  logins fail

Cut here: 998 more tickets. All of it: \`npx roundsman tickets list\`

npx roundsman tickets list`,
  );
  expect(text(groupMessage({ pending: {} }))).toContain('none of them is pending any more');
});

test('a test message says who asked for it', () =>
  expect(text(testMessage())).toContain('Asked by  ann'));

test('a repeat says that it may be one, and names the message', () => {
  expect(text(ticketMessage({}, { repeats: 2 }))).toContain(
    'This may be a repeat: message b0000000-0000-4000-8000-000000000001 may have been sent 2 times before.',
  );
  expect(text(ticketMessage())).not.toContain('repeat');
});

test('what is cut is said, with how much of it is here and where the rest is', () => {
  const words = wordsOf(
    ticketMessage(
      { title: 'x'.repeat(1_000_000), description: 'é'.repeat(5_000) },
      { events: [1, 2, 3, 4, 5].map((minute) => event(`${minute} ${'z'.repeat(999)}`, minute)) },
    ),
    limits,
  );
  expect(words.subject).toBe(`T-42: ${'x'.repeat(113)}…`);
  expect(words.cut).toBe(
    'Cut here: the title (113 of 1000000 characters are here), the description (997 of 5000 characters are here), 2 earlier events, parts of the history. All of it: `npx roundsman tickets show T-42`',
  );
  expect(words.history.map((line) => line[25])).toEqual(['3', '4', '5']);
});

test('the subject has room for the number whatever the title is', () => {
  for (const title of Object.values(hostile))
    expect(wordsOf(ticketMessage({ title }), limits).subject).toMatch(/^T-42: \S.{0,112}/);
});

test('a description that says no more than the title is left out', () =>
  expect(wordsOf(ticketMessage({ description: 'payments answer 500' }), limits).body).toEqual([]));

describe.each(Object.entries(hostile))('%s', (_, given) => {
  test.each(allOf(given).map((message) => [message.kind, message] as const))(
    'cannot forge a message of the kind %s, lead away from it or fill it',
    (_, message) => {
      const words = wordsOf(message, limits);
      const lines = linesOf(words);
      for (const line of lines) {
        expect(line).not.toMatch(raw);
        expect(line).not.toMatch(link);
        expect(line.isWellFormed()).toBe(true);
      }
      expect(words.subject.length).toBeLessThanOrEqual(limits.subject);
      expect(words.body.join('\n').length).toBeLessThanOrEqual(limits.body);
      for (const line of words.body)
        expect(line).toMatch(message.kind === 'ticket' ? /^(\||…$)/ : /^T-4\d  /);
      for (const line of words.history) expect(line).toMatch(/^2026-11-28 19:\d\d:00 UTC  /);
      expect(lines.join('\n').length).toBeLessThan(6_000);
    },
  );
});

test('any text stays within its limit, and what is kept is counted', () =>
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.integer({ min: 1, max: 100 }),
      (given, limit) => {
        const { shown, kept, all } = cutTo(given, limit, safeLine);
        expect(shown.length).toBeLessThanOrEqual(limit);
        expect(shown.isWellFormed()).toBe(true);
        expect(all).toBe([...given].length);
        expect(shown).toBe(
          kept === all ? safeLine(given) : `${safeLine([...given].slice(0, kept).join(''))}…`,
        );
      },
    ),
    { numRuns: 500 },
  ));

const pieces = [
  'https://',
  'www.',
  'evil.example',
  '/',
  'mailto:',
  ':',
  '//',
  '.',
  'a',
  '\u200B',
  '\u0301',
  ' ',
  '\r',
  '\n',
  'é',
  '<',
  '@',
];

test('however it is put together, no text becomes a link or a control', () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'grapheme', maxLength: 3 }))),
      (parts) => {
        const line = safeLine(parts.join(''));
        expect(line).not.toMatch(raw);
        expect(line).not.toMatch(link);
      },
    ),
    { numRuns: 500 },
  ));

test('a character that people see as one is not cut into parts', () => {
  const family = '👩‍👩‍👧‍👦';
  expect(cutTo(family.repeat(3), family.length * 2, safeLine).shown).toBe(`${family}…`);
});

test('a megabyte is made short in little time', () => {
  const began = process.cpuUsage();
  for (const given of Object.values(hostile))
    wordsOf(ticketMessage({ description: given }), limits);
  // Some 100 ms; with the whole form of each they take seconds.
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(2_000);
});

test('names of persons cannot forge how it stands', () => {
  const words = wordsOf(
    ticketMessage({ status: 'assigned', assigned_to: 'ann, resolved by bob' }),
    limits,
  );
  expect(words.standing).toBe('critical, assigned');
  expect(ticketFacts().status).toBe('open');
});
