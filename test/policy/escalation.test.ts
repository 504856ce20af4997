/** What the policy does with a ticket, and when. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterAct,
  escalationOf,
  ruleFor,
  type FollowedTicket,
} from '../../src/policy/escalation.ts';
import { storedPolicy } from '../../src/policy/stored-policy.ts';
import { severities } from '../../src/ground/severity.ts';

const start = Date.UTC(2026, 10, 29, 12);
const at = (minutes: number) => new Date(start + minutes * 60_000);

const ticket = (rest: Partial<FollowedTicket> = {}): FollowedTicket => ({
  severity: 'medium',
  category: 'api',
  bot: 'watch',
  assignedTo: 'javari',
  startedWith: 'javari',
  began: at(0),
  step: 0,
  prompted: null,
  acknowledged: null,
  touched: null,
  mayRise: true,
  snoozed: false,
  quiet: false,
  ...rest,
});

const policyOf = (rule: object, rest: object = {}) => {
  const policy = storedPolicy({ rules: [rule], ...rest });
  if (!policy) throw new Error('the test has a policy that is none');
  return policy;
};

const two = policyOf({
  steps: [
    { after: '30m', to: 'admin' },
    { after: '1h', to: 'owner' },
  ],
});

describe('steps', () => {
  test('come when their time has come, one after the other', () => {
    expect(escalationOf(two, ticket(), at(29))).toEqual({
      act: null,
      next: { at: at(30), act: { kind: 'step', step: 1, to: 'admin' } },
    });
    const first = escalationOf(two, ticket(), at(30)).act!;
    expect(first).toEqual({ kind: 'step', step: 1, to: 'admin' });
    const given = afterAct(ticket(), first, at(30));
    expect(escalationOf(two, given, at(31))).toMatchObject({ act: null, next: { at: at(60) } });
    const second = escalationOf(two, given, at(60)).act!;
    expect(second).toEqual({ kind: 'step', step: 2, to: 'owner' });
    expect(escalationOf(two, afterAct(given, second, at(60)), at(10_000))).toEqual({
      act: null,
      next: null,
    });
  });

  test('of several that are due only the latest is taken, and those before it never', () => {
    const { act } = escalationOf(two, ticket(), at(600));
    expect(act).toEqual({ kind: 'step', step: 2, to: 'owner' });
    expect(escalationOf(two, afterAct(ticket(), act!, at(600)), at(601))).toEqual({
      act: null,
      next: null,
    });
  });

  test('end with an acknowledgement, and wait for a snooze and for what people are not told of', () => {
    const never = { act: null, next: null };
    expect(escalationOf(two, ticket({ acknowledged: at(5) }), at(600))).toEqual(never);
    expect(escalationOf(two, ticket({ snoozed: true }), at(600))).toEqual(never);
    expect(escalationOf(two, ticket({ quiet: true }), at(600))).toMatchObject({
      act: null,
      next: { at: at(610) },
    });
  });
});

describe('the first rule that fits applies', () => {
  const rules = [
    { when: { severities: ['critical'] }, remind_every: '5m' },
    { when: { assignees: ['javari'], categories: ['api', 'disk'] }, remind_every: '6m' },
    { when: { bots: ['night'] }, remind_every: '7m' },
    { when: { unassigned: true }, remind_every: '8m' },
  ];
  const policy = storedPolicy({ rules })!;
  test.each([
    [{ severity: 'critical' as const }, 300],
    [{}, 360],
    // It is with the admin since a step: its rule stays that of the person with whom it began.
    [{ assignedTo: 'admin', step: 1 }, 360],
    [{ category: null }, undefined],
    [{ category: null, bot: 'night' }, 420],
    [{ startedWith: null, assignedTo: null }, 480],
    [{ startedWith: 'admin', bot: null }, undefined],
  ])('%j: %s', (given, every) => expect(ruleFor(policy, ticket(given))?.remind_every).toBe(every));
});

test('a reminder comes again and again, and is counted from the last step or reminder', () => {
  const policy = policyOf({ steps: [{ after: '30m', to: 'admin' }], remind_every: '20m' });
  expect(escalationOf(policy, ticket(), at(20)).act).toMatchObject({
    kind: 'remind',
    why: 'unacknowledged',
  });
  const reminded = ticket({ prompted: at(20) });
  expect(escalationOf(policy, reminded, at(21))).toMatchObject({ act: null, next: { at: at(30) } });
  const given = afterAct(reminded, escalationOf(policy, reminded, at(30)).act!, at(30));
  expect(escalationOf(policy, given, at(49))).toMatchObject({ act: null, next: { at: at(50) } });
});

test('what is acknowledged and left is paged again, counted from the last change by a person', () => {
  const policy = policyOf({ remind_every: '20m', page_again_after: '4h' });
  const left = ticket({ acknowledged: at(10) });
  expect(escalationOf(policy, left, at(249))).toMatchObject({ act: null, next: { at: at(250) } });
  expect(escalationOf(policy, left, at(250)).act).toMatchObject({
    kind: 'remind',
    why: 'untouched',
  });
  expect(
    escalationOf(policy, ticket({ acknowledged: at(10), touched: at(100) }), at(250)),
  ).toMatchObject({
    act: null,
    next: { at: at(340) },
  });
  // A reminder of the time before the acknowledgement does not delay it, one of the time after it does.
  expect(
    escalationOf(policy, ticket({ acknowledged: at(10), prompted: at(5) }), at(250)).act,
  ).not.toBeNull();
  expect(
    escalationOf(policy, ticket({ acknowledged: at(10), prompted: at(250) }), at(251)).act,
  ).toBeNull();
});

test('it becomes one severity worse, once, never more than critical, and not against a person', () => {
  const policy = policyOf({ raise_after: '24h' });
  expect(escalationOf(policy, ticket(), at(1440)).act).toMatchObject({ kind: 'raise', to: 'high' });
  expect(escalationOf(policy, ticket({ severity: 'info' }), at(1440)).act).toMatchObject({
    to: 'low',
  });
  for (const given of [{ severity: 'critical' as const }, { mayRise: false }])
    expect(escalationOf(policy, ticket(given), at(9_999))).toEqual({ act: null, next: null });
});

test('in quiet hours nothing is done, and what was due is taken when they end', () => {
  const quiet_hours = { severities: ['medium'], from: '12:10', to: '14:00', timezone: 'UTC' };
  const policy = policyOf(
    {
      steps: [
        { after: '30m', to: 'admin' },
        { after: '1h', to: 'owner' },
      ],
      remind_every: '15m',
    },
    { quiet_hours },
  );
  const owner = { kind: 'step', step: 2, to: 'owner' };
  expect(escalationOf(policy, ticket(), at(5))).toEqual({
    act: null,
    next: { at: at(120), act: owner },
  });
  expect(escalationOf(policy, ticket(), at(119))).toEqual({
    act: null,
    next: { at: at(120), act: owner },
  });
  expect(escalationOf(policy, ticket(), at(120)).act).toEqual(owner);
  expect(escalationOf(policy, ticket({ severity: 'high' }), at(30)).act).toMatchObject({ step: 1 });
});

const minutes = (least: number) => fc.integer({ min: least, max: 300 }).map((count) => `${count}m`);
const rule = fc.record(
  {
    steps: fc
      .uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 4 })
      .map((times) =>
        times.toSorted((a, b) => a - b).map((after, at) => ({ after: `${after}m`, to: `p${at}` })),
      ),
    remind_every: minutes(5),
    page_again_after: minutes(10),
    raise_after: minutes(10),
  },
  { requiredKeys: [] },
);
const policies = fc
  .record({
    rules: fc.tuple(rule),
    quiet_hours: fc.array(
      fc.record({
        severities: fc.subarray([...severities], { minLength: 1 }),
        from: fc.constantFrom('13:00', '22:00'),
        to: fc.constantFrom('14:30', '02:00'),
        timezone: fc.constantFrom('UTC', 'Australia/Lord_Howe'),
      }),
      { maxLength: 2 },
    ),
  })
  .map((document) => storedPolicy(document)!);

test('who looks only when something is next sees the same happen as who looks every minute', () => {
  const happens = (
    policy: NonNullable<ReturnType<typeof storedPolicy>>,
    from: FollowedTicket,
    looks: (minute: number, due: Date | null) => boolean,
  ) => {
    const told: string[] = [];
    let now = from;
    let due: Date | null = at(0);
    for (let minute = 0; minute <= 1_000; minute += 1) {
      if (!looks(minute, due)) continue;
      const { act, next } = escalationOf(policy, now, at(minute));
      due = next?.at ?? null;
      if (!act) continue;
      told.push(`${minute} ${JSON.stringify(act)}`);
      now = afterAct(now, act, at(minute));
      due = escalationOf(policy, now, at(minute)).next?.at ?? null;
    }
    return told;
  };
  const someTicket = fc.record({
    severity: fc.constantFrom(...severities),
    acknowledged: fc.option(fc.integer({ min: 0, max: 50 }).map(at)),
    mayRise: fc.boolean(),
  });
  fc.assert(
    fc.property(policies, someTicket, (policy, given) => {
      const always = happens(policy, ticket(given), () => true);
      const asked = happens(
        policy,
        ticket(given),
        (minute, due) => due !== null && due <= at(minute),
      );
      expect(asked).toEqual(always);
      // Steps only go forwards, between two beginnings of the clock.
      let last = 0;
      for (const said of always) {
        const act = JSON.parse(said.slice(said.indexOf('{'))) as { kind: string; step: number };
        if (act.kind === 'raise') last = 0;
        if (act.kind !== 'step') continue;
        expect(act.step).toBeGreaterThan(last);
        last = act.step;
      }
    }),
    { numRuns: 60 },
  );
});
