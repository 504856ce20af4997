/** The gates as rules, without a database: each by its name, in their order, at its bounds. */
import { describe, expect, test } from 'vitest';
import { closedGate } from '../../src/heal/gate.ts';
import type { GateInputs } from '../../src/heal/gate-inputs.ts';
import type { Candidate } from '../../src/heal/match.ts';
import type { Step } from '../../src/catalogue/solution.ts';

const open: GateInputs = {
  mode: 'auto',
  silenced: false,
  maintained: false,
  answer: null,
  undone: false,
  minutes_since_last: null,
  cooldown: 5,
  unfinished: 0,
  entry_last_hour: 0,
  heals_per_entry: 3,
  component_last_day: 0,
  heals_per_day: 8,
  entry_last_day: 0,
  heals_a_day: 24,
  earlier_last_hour: 0,
  earlier_component_last_day: 0,
  earlier_last_day: 0,
  failures_in_row: 0,
  minutes_since_failure: null,
  breaker_failures: 3,
  breaker_minutes: 60,
  engine_last_hour: 0,
  budget: 60,
  broken_components: 1,
  known_components: 10,
  storm_components: 5,
  storm_share: 0.5,
};

type Risk = Step['remedy']['risk'];

const entry = (rest: Partial<Candidate> = {}, risk: Risk = 'safe'): Candidate => ({
  id: 'k',
  name: 'k',
  autonomy: 'auto',
  enabled: true,
  solution: { kind: 'playbook', steps: [{ remedy: { risk } } as Step] },
  ...rest,
});

const gate = (
  now: Partial<GateInputs>,
  candidate = entry(),
  stage: Parameters<typeof closedGate>[2] = 'beginning',
) => closedGate({ ...open, ...now }, candidate, stage);

test('with nothing against a heal, all gates are open', () => {
  expect([gate({}), gate({}, entry(), 'begun')]).toEqual([null, null]);
});

describe('of several that are closed the first is named', () => {
  const closing: [string, Partial<GateInputs>, Partial<Candidate>?][] = [
    ['kill_switch', { mode: 'off' }],
    ['mode', { mode: 'careful' as 'safe' }],
    ['silenced', { silenced: true }],
    ['maintenance', { maintained: true }],
    ['disabled', {}, { enabled: false }],
    ['autonomy', {}, { autonomy: 'suggest' }],
    ['approval', { answer: 'rejected' }],
    ['cooldown', { minutes_since_last: 4 }],
    ['in_progress', { unfinished: 1 }],
    ['attempts', { entry_last_hour: 3 }],
    ['daily', { component_last_day: 8 }],
    ['breaker', { failures_in_row: 3, minutes_since_failure: 1 }],
    ['budget', { engine_last_hour: 60 }],
    ['storm', { broken_components: 6 }],
  ];

  const from = (first: number) => {
    const closed = closing.slice(first);
    const now = Object.assign({}, ...closed.map(([, each]) => each).toReversed()) as object;
    const own = Object.assign({}, ...closed.map(([, , each]) => each ?? {})) as object;
    return [now, entry(own)] as const;
  };

  test.each(closing.map(([name], index) => [index, name] as const))('%i: %s', (index, name) => {
    expect(gate(...from(index))).toBe(name);
  });

  test('once a heal has begun, only the gates that its own rows do not close are asked: two gates are about other heals', () => {
    const named = closing.map((_, index) => gate(...from(index), 'begun'));
    expect([...new Set(named)]).toEqual([
      'kill_switch',
      'mode',
      'silenced',
      'maintenance',
      'disabled',
      'autonomy',
      'approval',
      'in_progress',
      'breaker',
      null,
    ]);
  });
});

test.each<[string, Partial<GateInputs>, string | null]>([
  ['no mode', { mode: null }, 'kill_switch'],
  ['no word on silences', { silenced: null as never }, 'silenced'],
  ['no word on maintenance', { maintained: null as never }, 'maintenance'],
  ['4.99 minutes after the last', { minutes_since_last: 4.99 }, 'cooldown'],
  ['5 minutes after it', { minutes_since_last: 5 }, null],
  ['no cooldown', { cooldown: null }, 'cooldown'],
  ['a cooldown of none', { cooldown: 0, minutes_since_last: 0 }, null],
  ['no word on what is unfinished', { unfinished: null as never }, 'in_progress'],
  ['two in the last hour', { entry_last_hour: 2 }, null],
  ['three in the last hour', { entry_last_hour: 3 }, 'attempts'],
  ['no limit for an entry', { heals_per_entry: null }, 'attempts'],
  ['seven of the component in a day', { component_last_day: 7 }, null],
  ['eight of the component in a day', { component_last_day: 8 }, 'daily'],
  ['23 of all components in a day', { entry_last_day: 23 }, null],
  ['24 of all components in a day', { entry_last_day: 24 }, 'daily'],
  ['no limit over all components', { heals_a_day: null }, 'daily'],
  ['no limit for a day', { heals_per_day: null }, 'daily'],
  ['two failures in a row', { failures_in_row: 2, minutes_since_failure: 1 }, null],
  ['three, 59 minutes ago', { failures_in_row: 3, minutes_since_failure: 59.9 }, 'breaker'],
  ['three, an hour ago', { failures_in_row: 3, minutes_since_failure: 60 }, null],
  ['no number of failures', { breaker_failures: null }, 'breaker'],
  ['no time for the breaker', { breaker_minutes: null }, 'breaker'],
  ['59 of the engine', { engine_last_hour: 59 }, null],
  ['60 of the engine', { engine_last_hour: 60 }, 'budget'],
  ['no budget', { budget: null }, 'budget'],
  ['5 of 10 broken', { broken_components: 5 }, null],
  ['6 of 10 broken', { broken_components: 6 }, 'storm'],
  ['4 of 4 broken', { broken_components: 4, known_components: 4 }, null],
  ['5 of 5 broken', { broken_components: 5, known_components: 5 }, 'storm'],
  ['no number of components', { storm_components: null }, 'storm'],
  ['no share', { storm_share: null }, 'storm'],
])('%s', (_, now, closed) => {
  expect(gate(now)).toBe(closed);
});

describe('what a person approved', () => {
  const approved = { answer: 'approved' as const };

  test.each<[Risk, Candidate['autonomy'], GateInputs['mode'], string | null]>([
    ['safe', 'suggest', 'safe', null],
    ['reversible', 'suggest', 'safe', null],
    ['reversible', 'auto', 'safe', null],
    ['irreversible', 'suggest', 'safe', null],
    ['irreversible', 'auto', 'auto', null],
    ['safe', 'shadow', 'safe', null],
    ['safe', 'suggest', 'off', 'kill_switch'],
    ['safe', 'suggest', null, 'kill_switch'],
    ['irreversible', 'suggest', 'careful' as never, 'mode'],
  ])('(%s, %s) may be done in mode %s: %s', (risk, autonomy, mode, closed) => {
    expect(gate({ ...approved, mode }, entry({ autonomy }, risk))).toBe(closed);
  });

  test('passes the daily limit, which is about what runs without approval, but not an unreadable limit', () => {
    expect(gate({ ...approved, component_last_day: 8 })).toBeNull();
    expect(gate({ ...approved, entry_last_day: 24 })).toBeNull();
    expect(gate({ ...approved, heals_per_day: null })).toBe('daily');
    expect(gate({ ...approved, heals_a_day: null })).toBe('daily');
  });

  test('passes neither a silence, nor maintenance, nor another limit', () => {
    expect(gate({ ...approved, maintained: true })).toBe('maintenance');
    expect(gate({ ...approved, silenced: true })).toBe('silenced');
    expect(gate({ ...approved, engine_last_hour: 60 })).toBe('budget');
    expect(gate({ ...approved, failures_in_row: 3, minutes_since_failure: 1 })).toBe('breaker');
  });
});

test.each<[Risk, GateInputs['mode'], string | null]>([
  ['safe', 'safe', null],
  ['reversible', 'safe', 'mode'],
  ['irreversible', 'safe', 'mode'],
  ['safe', 'auto', null],
  ['reversible', 'auto', null],
  ['irreversible', 'auto', 'approval'],
])('unasked, what is %s in mode %s: %s', (risk, mode, closed) => {
  expect(gate({ mode }, entry({}, risk))).toBe(closed);
});

test('what a person undid is not done again without approval', () => {
  expect(gate({ undone: true })).toBe('approval');
  expect(gate({ undone: null as never }), 'nor where nobody can tell').toBe('approval');
  expect(gate({ undone: true, answer: 'approved' })).toBeNull();
});

test('an entry that may not act alone is stopped by the gate autonomy, and not by the gate mode', () => {
  expect(gate({ mode: 'safe' }, entry({ autonomy: 'suggest' }, 'reversible'))).toBe('autonomy');
  expect(gate({ mode: 'safe' }, entry({ autonomy: 'shadow' }, 'irreversible'))).toBe('autonomy');
});

test('a playbook that cannot run is disabled', () => {
  expect(gate({}, entry({ solution: { kind: 'broken', why: 'no' } }))).toBe('disabled');
});
