/** Policies as people write them, and where their mistakes are. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/ground/errors.ts';
import { defaultPolicy } from '../../src/policy/default.ts';
import { storedPolicy } from '../../src/policy/stored-policy.ts';
import { readPolicy } from '../../src/policy/read.ts';

const whole = `
# comments may stand anywhere
rules:
  - name: nights
    when: { severities: [critical], categories: [api], bots: [watch], assignees: [ann, bob] }
    steps:
      - after: 15m
        to: bob
      - after: 1h30m
        to: owner
    remind_every: 2h
    page_again_after: 4h
    raise_after: 24h
  - when:
      unassigned: true
    steps: [{ after: 30m, to: admin }]
quiet_hours:
  severities: [low, info]
  from: 22:00
  to: 07:00
  timezone: europe/berlin
  days: [fri, sat]
`;

test('a whole policy is read, and kept as it was written', () => {
  const { policy, document } = readPolicy(whole, 'p.yaml');
  expect(policy.rules[0]).toMatchObject({
    steps: [
      { after: 900, to: 'bob' },
      { after: 5_400, to: 'owner' },
    ],
    remind_every: 7_200,
    page_again_after: 14_400,
    raise_after: 86_400,
  });
  expect(policy.quiet_hours).toEqual([
    {
      severities: ['low', 'info'],
      from: 1_320,
      to: 420,
      timezone: 'Europe/Berlin',
      days: ['fri', 'sat'],
    },
  ]);
  expect(document.rules[0]!.remind_every).toBe('2h');
  expect(storedPolicy(JSON.parse(JSON.stringify(document)))).toEqual(policy);
  expect(readPolicy(JSON.stringify(document), 'p.json').policy).toEqual(policy);
});

test('no rule is a policy, too, and quiet hours may be several', () => {
  expect(readPolicy('rules: []', 'x').policy).toEqual({ rules: [], quiet_hours: [] });
  const two = `rules: []
quiet_hours:
  - { severities: [low], from: '00:00', to: '24:00', timezone: UTC, days: [sat, sun] }
  - { severities: [low], from: '22:00', to: '06:00', timezone: America/New_York }`;
  expect(readPolicy(two, 'x').policy.quiet_hours).toHaveLength(2);
});

const rules = (rule: string) => `rules:\n  - ${rule}`;
const quiet = (rest: string) =>
  `rules: []\nquiet_hours: { severities: [low], from: '22:00', to: '07:00', timezone: UTC, ${rest} }`;

test.each([
  ['', '1:1: the policy: has to be a map of rules and quiet_hours'],
  ['- 1', '1:1: the policy: has to be a map'],
  ['{}', '1:1: rules: has to be a list of rules'],
  ['rules: 1', '1:8: rules: has to be a list of rules'],
  ['rule: []', '1:1: the policy: there is no "rule"; did you mean rules?'],
  [rules('{ stepz: [] }'), '2:7: rule 1: there is no "stepz"; did you mean steps?'],
  [
    rules('{ steps: [{ after: 30, to: a }] }'),
    '2:24: rule 1, step 1, after: it has no unit; did you mean 30m, 30h or 30d?; for example 30m',
  ],
  [
    rules('{ steps: [{ after: 30 min, to: a }] }'),
    'rule 1, step 1, after: it has to be a number with one of s, m, h, d, w',
  ],
  [rules('{ steps: [{ after: 5s, to: a }] }'), 'rule 1, step 1, after: is too short: 1m at least'],
  [rules('{ steps: [{ after: 60d, to: a }] }'), 'is too long: 30d at most'],
  [rules('{ steps: [{ after: 30m }] }'), '2:15: rule 1, step 1, to: has to be a name'],
  [rules("{ steps: [{ after: 30m, to: '  ' }] }"), 'rule 1, step 1, to: is empty: give a name'],
  [
    rules('{ steps: [{ after: 30m, to: "a\\u202Eb" }] }'),
    'rule 1, step 1, to: has a character that does not show',
  ],
  [
    rules('{ steps: [{ after: 30m, to: me }] }'),
    'rule 1, step 1, to: is the person who runs a command',
  ],
  [
    rules('{ when: { assignees: [" me"] }, raise_after: 1h }'),
    'assignees: is the person who runs a command',
  ],
  [rules(`{ steps: [{ after: 30m, to: ${'a'.repeat(51)} }] }`), 'is longer than 50 characters'],
  [
    rules('{ steps: [{ after: 1h, to: a }, { after: 60m, to: b }] }'),
    'rule 1, step 2, after: has to be longer than that of the step before it (1h)',
  ],
  [
    rules('{ when: { severities: [hihg] } }'),
    '2:28: rule 1, when, severities: has to be one of critical, high, medium, low, info',
  ],
  [rules('{ when: { severities: [] } }'), 'rule 1, when, severities: is empty'],
  [rules('{ when: { assignees: [a], unassigned: true } }'), 'rule 1, when: fits no ticket'],
  [rules('{ when: { assignee: [a] } }'), 'there is no "assignee"; did you mean assignees'],
  [rules('{ remind_every: 1m }'), 'rule 1, remind_every: is too short: 5m at least'],
  [
    'rules:\n  - remind_every: 1h\n  - raise_after: 1d',
    '3:5: rule 2: never applies: rule 1 fits every ticket',
  ],
  [quiet("to: '07:00'"), 'Map keys must be unique'],
  [
    "rules: []\nquiet_hours: { severities: [low], from: '22:00', to: '07:00', timezone: Europe/Berln }",
    '2:73: quiet_hours, timezone: there is no such zone',
  ],
  [
    "rules: []\nquiet_hours: { severities: [low], from: '22:00', to: '07:00', timezone: '+02:00' }",
    'quiet_hours, timezone: there is no such zone',
  ],
  [
    "rules: []\nquiet_hours: { severities: [low], from: '25:00', to: '07:00', timezone: UTC }",
    '2:41: quiet_hours, from: there is no such time of the day',
  ],
  [
    "rules: []\nquiet_hours: { severities: [low], from: '7:00', to: '08:00', timezone: UTC }",
    "quiet_hours, from: has to be a time of the day, as '22:00'",
  ],
  [
    "rules: []\nquiet_hours: { severities: [low], from: '07:00', to: '07:00', timezone: UTC }",
    'quiet_hours, to: is the same as from',
  ],
  [quiet('days: [monday]'), 'quiet_hours, days: has to be one of sun, mon'],
  [quiet('days: [fri, fri, fri, fri, fri, fri, fri, fri]'), 'quiet_hours, days: has more than 7'],
  ['rules: &a []', 'anchors are not allowed'],
  [
    'rules: [',
    'p.yaml:1:9: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
])('%j is refused: %s', (text, why) => {
  expect(() => readPolicy(text, 'p.yaml')).toThrow(UsageError);
  try {
    readPolicy(text, 'p.yaml');
  } catch (error) {
    expect((error as UsageError).why).toContain(why);
    expect((error as UsageError).why).not.toContain('Invalid input');
  }
});

test('all mistakes are told, each with its place', () => {
  const text = 'rules:\n  - raise_after: soon\n    steps:\n      - { after: now, to: 7 }\n';
  try {
    readPolicy(text, 'p.yaml');
    expect.unreachable();
  } catch (error) {
    expect((error as UsageError).reasons).toHaveLength(3);
    expect((error as UsageError).reasons!.map((each) => each.split(': ')[0])).toEqual([
      'p.yaml:2:18',
      'p.yaml:4:18',
      'p.yaml:4:27',
    ]);
  }
});

test('the example of docs/escalation.md is a policy', () => {
  const page = readFileSync(new URL('../../docs/escalation.md', import.meta.url), 'utf8');
  const [, example] = /```yaml\n([\s\S]*?)```/.exec(page)!;
  expect(readPolicy(example!, 'docs').policy.rules).toHaveLength(3);
});

test('the default is what the migration writes', () => {
  const file = new URL('../../migrations/v9_93_policies.sql', import.meta.url);
  const [, written] = /VALUES\s+\('(\{[\s\S]*?\})', 'roundsman'\)/.exec(
    readFileSync(file, 'utf8'),
  )!;
  expect(JSON.parse(written!)).toEqual(defaultPolicy);
  expect(storedPolicy(defaultPolicy)?.rules).toHaveLength(1);
});
