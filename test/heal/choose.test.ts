import { describe, expect, test } from 'vitest';
import { choose, isLeftAlone } from '../../src/heal/choose.ts';
import { oneInFour } from '../../src/heal/statistics/draw.ts';
import type { Figures, TrackRecord } from '../../src/heal/judging/figures.ts';
import type { Candidate } from '../../src/heal/match.ts';
import type { OpenFinding } from '../../src/heal/finding/open-finding.ts';

const nothing: TrackRecord = {
  decided: 0,
  held: 0,
  relapsed: 0,
  failed: 0,
  weight: 0,
  heldWeight: 0,
  lower: 0,
  upper: 1,
  recent: null,
  newestHeld: false,
  relapsedTwice: false,
  lastRelapse: null,
};

/** The figures of an entry with this many decided heals and this lower bound, in all contexts, and this many `untouched` findings. */
const figures = (decided: number, lower: number, untouched = 0): Figures => {
  const all = { ...nothing, decided, lower };
  return {
    records: { fingerprint: nothing, component: nothing, category: nothing, all },
    context: 'all',
    untouched: { recovered: 0, persisted: untouched, rate: untouched > 0 ? 0 : null, upper: 1 },
    lift: null,
  };
};

const entry = (name: string, rest: Partial<Candidate> = {}): Candidate => ({
  id: name,
  name,
  autonomy: 'auto',
  enabled: true,
  solution: { kind: 'playbook', steps: [] },
  ...rest,
});

const finding = (fingerprint: string, severity: OpenFinding['severity'] = 'high') =>
  ({ fingerprint, severity }) as OpenFinding;

const order = (
  known: [Candidate, Figures][],
  about: OpenFinding = finding('f', 'critical'),
): string[] =>
  choose(
    known.map(([candidate]) => candidate),
    about,
    new Map(known.map(([{ id }, each]) => [id, each])),
  ).map(({ name }) => name);

describe('the first is', () => {
  test('the one with the best lower bound, not with the best share', () => {
    // 6 of 6 against 19 of 20.
    expect(
      order([
        [entry('six'), figures(6, 0.61)],
        [entry('many'), figures(20, 0.764)],
      ]),
    ).toEqual(['many', 'six']);
  });

  test('judged by the narrowest context that says something', () => {
    const narrow = figures(50, 0.9);
    const here = { ...narrow, context: 'component' as const };
    here.records = { ...narrow.records, component: { ...nothing, decided: 5, lower: 0.1 } };
    expect(
      order([
        [entry('a'), here],
        [entry('b'), figures(50, 0.5)],
      ]),
    ).toEqual(['b', 'a']);
  });

  test('a playbook, whatever the record of advice', () => {
    const advice = entry('a', { solution: { kind: 'prose', text: 'look' } });
    expect(
      order([
        [advice, figures(50, 0.9)],
        [entry('b'), figures(50, 0.1)],
      ]),
    ).toEqual(['b', 'a']);
  });

  test('among equal entries, the one with the most autonomy, then the first by name', () => {
    const same = figures(9, 0.5);
    expect(
      order([
        [entry('shadow', { autonomy: 'shadow' }), same],
        [entry('b'), same],
        [entry('suggest', { autonomy: 'suggest' }), same],
        [entry('a'), same],
      ]),
    ).toEqual(['a', 'b', 'suggest', 'shadow']);
  });
});

const many = Array.from({ length: 4_000 }, (_, index) => `finding-${index}`);
const share = (picks: (fingerprint: string) => boolean) => many.filter(picks).length / many.length;

describe('an entry of which less than five outcomes are known', () => {
  const first = (decided: number, severity: OpenFinding['severity']) => (fingerprint: string) =>
    order(
      [
        [entry('known'), figures(50, 0.9)],
        [entry('new'), figures(decided, 0)],
      ],
      finding(fingerprint, severity),
    )[0] === 'new';

  test('goes first in one of four findings', () => {
    expect(share(first(4, 'high'))).toBeCloseTo(0.25, 1);
  });

  test.each([
    ['critical ones', 4, 'critical'],
    ['any once five are', 5, 'high'],
  ] as const)('but not in %s', (_, decided, severity) => {
    expect(share(first(decided, severity))).toBe(0);
  });

  test('is drawn for the same findings whoever asks', () => {
    expect(many.map(first(4, 'high'))).toEqual(many.map(first(4, 'low')));
  });
});

describe('a finding is held out', () => {
  const out =
    (seen: number, severity: OpenFinding['severity'] = 'high') =>
    (fingerprint: string) =>
      isLeftAlone(entry('a'), finding(fingerprint, severity), figures(50, 0.9, seen), undefined);

  test('in one of four while less than five untouched ones are known', () => {
    expect(share(out(4))).toBeCloseTo(0.25, 1);
    expect(share(out(5))).toBe(0);
  });

  test('never when it is critical', () => {
    expect(share(out(0, 'critical'))).toBe(0);
  });

  test('by a separate draw for each case and each entry', () => {
    const before = many.filter(out(0));
    expect(before.filter(out(1)).length / before.length).toBeCloseTo(0.25, 1);
    const other = (fingerprint: string) =>
      isLeftAlone(entry('b'), finding(fingerprint), figures(50, 0.9, 0), undefined);
    expect(before.filter(other).length / before.length).toBeCloseTo(0.25, 1);
  });

  test('by another draw than the one that explores', () => {
    const both = many.filter((each) => oneInFour('explore', each) && oneInFour('hold out', each));
    expect(both.length / many.length).toBeCloseTo(1 / 16, 1);
  });
});
