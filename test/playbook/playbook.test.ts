import { describe, expect, test } from 'vitest';
import { z, type Remedy } from '../../src/bot.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { readSolution, riskOf } from '../../src/catalogue/solution.ts';
import { isPlaybook, PlaybookError, readPlaybook } from '../../src/playbook/read.ts';
import { aBot, aRemedy, clean, entry } from '../support/builders.ts';

const nothing = async () => {};
const expire = aRemedy('session.expire', nothing, {
  params: z.strictObject({ limit: z.int().min(1).max(100).default(10) }),
});
const pause = aRemedy('bot.pause', nothing, {
  risk: 'reversible',
  params: z.strictObject({
    reason: z.string().max(50),
    options: z.record(z.string(), z.any()).optional(),
  }),
});
const send = aRemedy('http.send', nothing, {
  risk: ((params: { undo?: string }) =>
    params.undo ? 'reversible' : 'irreversible') as Remedy['risk'],
  params: z.strictObject({ undo: z.string().optional() }),
});
const known = catalogueOf([], [expire, pause, send]);

/** What is wrong with a playbook, as `line:column: message`. */
function wrong(text: string): string[] {
  try {
    readPlaybook(text, known);
    return [];
  } catch (error) {
    if (!(error instanceof PlaybookError)) throw error;
    return error.problemsIn('p').map((line) => line.slice('p:'.length));
  }
}

test('steps come in their order, with parameters as their schema reads them and a delay', () => {
  const steps = readPlaybook(
    `# yaml-language-server: $schema=playbook.schema.json
---
steps:
  - remedy: session.expire
  - remedy: bot.pause
    with: { reason: too loud }
    verify_after: 5m
`,
    known,
  );
  expect(steps).toMatchObject([
    { remedy: { name: 'session.expire' }, params: { limit: 10 }, verifyAfter: null },
    { remedy: { name: 'bot.pause' }, params: { reason: 'too loud' }, verifyAfter: 300 },
  ]);
});

test.each([
  ['steps:\n  - remedy: x', true],
  ['# why\n\n  # more\n---\nsteps:', true],
  ['"steps": []', true],
  ['{"steps": []}', true],
  ['\uFEFFsteps:', true],
  ['Take these steps: first ...', false],
  ['Restart it.\nsteps:\n  - remedy: x', false],
  ['', false],
] as const)('%j is a playbook: %s', (text, is) => {
  expect(isPlaybook(text)).toBe(is);
});

test('every problem is told at once, each with its line and column', () => {
  const text = `steps:
  - remedy: sesion.expire
    after: 5m
  - remedy: session.expire
    with:
      limit: many
      users: 3
    verify_after: 2d
  - remedy: bot.pause
`;
  expect(wrong(text)).toEqual([
    '2:13: there is no remedy "sesion.expire"; did you mean session.expire?',
    '3:5: steps.0: there is no "after"',
    expect.stringMatching(
      /^6:14: steps\.1\.with\.limit: .*number.*; it takes a whole number from 1 to 100 \(10 unless given\)$/,
    ),
    '7:7: steps.1.with: there is no "users"; session.expire takes limit',
    '8:19: steps.1.verify_after: is longer than a day',
    expect.stringMatching(
      /^9:5: steps\.2\.with\.reason: .*; it takes a text of at most 50 characters$/,
    ),
  ]);
});

test('without a likely name the remedies are listed', () => {
  expect(wrong('steps:\n  - remedy: reboot')).toEqual([
    '2:13: there is no remedy "reboot"; there are session.expire, bot.pause, http.send',
  ]);
});

test.each(['30s', '5m', '24h', '1d', '86400s'])('%s is a delay', (delay) => {
  expect(wrong(`steps: [{ remedy: session.expire, verify_after: ${delay} }]`)).toEqual([]);
});

test.each(['30', '0s', '-5m', '25h', '86401s', '5 m', '1w', '1e3s', '99999d', 'true', '[5m]'])(
  '%s is none',
  (delay) => {
    expect(wrong(`steps: [{ remedy: session.expire, verify_after: ${delay} }]`)).toMatchObject([
      expect.stringContaining('1:49: steps.0.verify_after: '),
    ]);
  },
);

const step = '  - remedy: session.expire\n';

describe('what YAML can do and a playbook may not', () => {
  test.each([
    ['an anchor', 'steps:\n  - &a\n    remedy: session.expire\n', 'anchors are not allowed'],
    ['an alias', 'steps:\n  - &a { remedy: session.expire }\n  - *a\n', 'aliases are not allowed'],
    ['a merge key', 'steps:\n  - <<: { remedy: session.expire }\n', 'merge keys are not allowed'],
    ['a tag', 'steps:\n  - !step { remedy: session.expire }\n', 'tag'],
    ['a known tag', 'steps: !!seq\n  - remedy: session.expire\n', 'tags are not allowed'],
    ['a key twice', `steps:\n${step}    remedy: bot.pause\n`, 'unique'],
    ['two documents', `steps:\n${step}---\nsteps:\n${step}`, 'multiple documents'],
    ['a key that is a list', `steps:\n${step}    ? [a]\n    : 1\n`, 'a key has to be text'],
    ['a key that is a number', `steps:\n${step}    1: 1\n`, 'a key has to be text'],
    ['a broken indent', `steps:\n${step} with: 1\n`, ''],
    ['no steps', 'steps: []', 'has no step'],
    ['nothing', 'steps:', 'has to be a list of steps'],
    ['a step that is text', 'steps: [session.expire]', 'steps.0'],
    ['eleven steps', `steps:\n${step.repeat(11)}`, 'has more than 10 steps'],
    ['another key beside', `steps:\n${step}then: 1\n`, 'there is no "then"'],
    ['__proto__', `steps:\n${step}    __proto__: { with: {} }\n`, '__proto__ cannot be a name'],
    [
      'depth',
      `steps:\n  - remedy: bot.pause\n    with: { reason: a, options: { a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}} }\n`,
      'is nested deeper than 10 levels',
    ],
    ['length', `steps:\n${step}#${'é'.repeat(8_200)}\n`, 'is 16436 bytes long; the limit is 16384'],
  ])('%s is refused', (_, text, why) => {
    const problems = wrong(text);
    expect(problems).not.toEqual([]);
    expect(problems.join('\n')).toContain(why);
  });

  test.each([
    ['brackets', `steps: ${'['.repeat(16_000)}`],
    ['dashes', `steps:\n${'- '.repeat(8_000)}`],
    ['question marks', `steps:\n${'? '.repeat(8_000)}`],
    ['closing braces', `steps: ${'}'.repeat(16_000)}`],
    ['many keys', `steps:\n${Array.from({ length: 1_800 }, (_, n) => `k${n}: 1`).join('\n')}`],
    [
      'aliases of aliases',
      `steps:\n - &a0 [x, x]\n${Array.from({ length: 40 }, (_, n) => ` - &a${n + 1} [*a${n}, *a${n}]`).join('\n')}`,
    ],
    ['blank lines', `${'\n'.repeat(16_000)}steps`],
  ])('%s without end are refused soon, and with few words', (_, text) => {
    const began = performance.now();
    const { kind } = readSolution(text, known);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(kind).not.toBe('playbook');
    if (kind === 'broken') expect(wrong(text).length).toBeLessThanOrEqual(20);
  });
});

test('text of a finding never becomes a parameter: what looks like a place for it stays as it is', () => {
  const [first] = readPlaybook(
    'steps:\n  - remedy: bot.pause\n    with: { reason: "${component} $1 {{ key }} \\\\1" }\n',
    known,
  );
  expect(first!.params).toEqual({ reason: '${component} $1 {{ key }} \\1' });
});

test("a step's risk is that of its parameters, an entry's the highest of its steps", () => {
  const steps = readPlaybook(
    'steps:\n  - remedy: session.expire\n  - remedy: http.send\n    with: { undo: x }\n  - remedy: http.send\n',
    known,
  );
  expect(steps.map(({ remedy }) => remedy.risk)).toEqual(['safe', 'reversible', 'irreversible']);
  expect(riskOf(steps)).toBe('irreversible');
  expect(riskOf(steps.slice(0, 2))).toBe('reversible');
});

test('a solution that cannot run says where and why', () => {
  expect(readSolution('steps:\n  - remedy: no.such', known)).toEqual({
    kind: 'broken',
    why: expect.stringMatching(/^2:13: there is no remedy "no\.such"/),
  });
});

describe('a catalogue is refused', () => {
  const bot = (knowledge: ReturnType<typeof entry>[]) =>
    aBot('b', async () => clean('x'), { knowledge });
  const { undo: _, ...irrevocable } = aRemedy('a.b', nothing, { risk: 'reversible' });
  const sends = (autonomy: 'auto' | 'suggest') =>
    entry('e', 'steps:\n  - remedy: http.send\n', { autonomy });
  test.each<[string, () => unknown, string]>([
    ['a reversible remedy without undo', () => catalogueOf([], [irrevocable]), 'has no undo'],
    [
      'one whose risk depends, without undo',
      () => catalogueOf([], [{ ...irrevocable, risk: () => 'safe' }]),
      'has no undo',
    ],
    [
      'an irreversible seed in auto',
      () => catalogueOf([bot([sends('auto')])], [send]),
      'always asks',
    ],
    [
      'a seed that cannot run',
      () => catalogueOf([bot([sends('suggest')])], []),
      '2:13: there is no',
    ],
    ['two remedies of one name', () => catalogueOf([], [expire, expire]), 'the name of the remedy'],
    [
      'two bots of one name',
      () => catalogueOf([bot([]), bot([])], []),
      'the name of the bot b is used twice',
    ],
  ])('with %s', (_, make, why) => {
    expect(make).toThrow(why);
  });

  test('but not with an irreversible seed that asks', () => {
    expect(() => catalogueOf([bot([sends('suggest')])], [send])).not.toThrow();
  });
});
