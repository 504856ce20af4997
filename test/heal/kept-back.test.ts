/** The rule for circles, over counts. */
import { expect, test } from 'vitest';
import { circleOf, type Days, type Rest } from '../../src/heal/judging/kept-back.ts';

const hour = 3_600_000;
const rest = (from: number, until: number, rest: Partial<Rest> = {}): Rest => ({
  from: from * hour,
  until: until * hour,
  whole: 11 / 12,
  began: 0,
  ...rest,
});
const days = (rest: Partial<Days>): Days => ({
  from: 0,
  heals: 48,
  components: 12,
  back: 12,
  rests: [],
  now: 48 * hour,
  ...rest,
});
const two = [rest(8, 24), rest(32, 48)];

test.each<[string, Partial<Days>, boolean]>([
  ['that was kept back twice, and nothing began', { rests: two }, true],
  ['but not by one time', { rests: two.slice(1) }, false],
  ['but not where a component did not come back', { rests: two, back: 11 }, false],
  [
    'but not where problems began as before',
    { rests: [rest(8, 24, { began: 9 }), rest(32, 48, { began: 12 })] },
    false,
  ],
  [
    'nor where a few did each time',
    { rests: [rest(8, 24, { began: 1 }), rest(32, 48, { began: 1 })] },
    false,
  ],
  [
    'though something else began in one of three',
    { rests: [...two, rest(50, 66, { began: 1 })], now: 66 * hour },
    true,
  ],
  ['but not in an hour each', { rests: [rest(23, 24), rest(47, 48)] }, false],
  [
    'but not where all that it heals was broken, so that nothing could begin',
    { rests: [rest(8, 24, { whole: 0 }), rest(32, 48, { whole: 0 })] },
    false,
  ],
  ['but not without a heal', { heals: 0, components: 0, back: 0, rests: two }, false],
])('an entry goes in a circle %s', (_, given, circle) => {
  expect(circleOf(days(given)) !== null).toBe(circle);
});

test('with its figures', () => {
  expect(circleOf(days({ rests: two }))).toEqual({
    heals: 48,
    components: 12,
    quiet: 2,
    rests: 2,
    hours: 32,
    expected: 88,
  });
});
