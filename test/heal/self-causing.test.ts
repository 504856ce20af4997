/** The rule for an entry that causes what it heals, over counts. */
import { expect, test } from 'vitest';
import {
  selfCausingOf,
  type LimitedDays,
  type LimitPause,
} from '../../src/heal/judging/self-causing.ts';

const hour = 3_600_000;
const pause = (from: number, until: number, given: Partial<LimitPause> = {}): LimitPause => ({
  fromMs: from * hour,
  untilMs: until * hour,
  unbrokenShare: 11 / 12,
  problemsBegun: 0,
  ...given,
});
const days = (given: Partial<LimitedDays>): LimitedDays => ({
  firstHealMs: 0,
  heals: 48,
  components: 12,
  healedAgain: 12,
  pauses: [],
  nowMs: 48 * hour,
  ...given,
});
const two = [pause(8, 24), pause(32, 48)];

test.each<[string, Partial<LimitedDays>, boolean]>([
  ['when its limit stopped it twice, and no problem began', { pauses: two }, true],
  ['but one such pause does not show it', { pauses: two.slice(1) }, false],
  ['but not where a component did not break again', { pauses: two, healedAgain: 11 }, false],
  [
    'but not where problems began as before',
    { pauses: [pause(8, 24, { problemsBegun: 9 }), pause(32, 48, { problemsBegun: 12 })] },
    false,
  ],
  [
    'but not where a few problems began in each pause',
    { pauses: [pause(8, 24, { problemsBegun: 1 }), pause(32, 48, { problemsBegun: 1 })] },
    false,
  ],
  [
    'although a problem began in one of three pauses',
    { pauses: [...two, pause(50, 66, { problemsBegun: 1 })], nowMs: 66 * hour },
    true,
  ],
  ['but pauses of an hour do not show it', { pauses: [pause(23, 24), pause(47, 48)] }, false],
  [
    'but not where all that it heals was broken, so that nothing could begin',
    { pauses: [pause(8, 24, { unbrokenShare: 0 }), pause(32, 48, { unbrokenShare: 0 })] },
    false,
  ],
  ['but not without a heal', { heals: 0, components: 0, healedAgain: 0, pauses: two }, false],
])('an entry causes what it heals %s', (_, given, isSelfCausing) => {
  expect(selfCausingOf(days(given)) !== null).toBe(isSelfCausing);
});

test('its figures are reported', () => {
  expect(selfCausingOf(days({ pauses: two }))).toEqual({
    heals: 48,
    components: 12,
    quiet: 2,
    rests: 2,
    hours: 32,
    expected: 88,
  });
});
