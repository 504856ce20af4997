/** The rule for harm, over counts and over histories that no database keeps. */
import { describe, expect, test } from 'vitest';
import { harmOf, restrictByHarm } from '../../src/heal/judging/harm.ts';
import { history } from './simulation/harm-histories.ts';
import { harmful, innocent } from './simulation/harm-worlds.ts';

const of = (successes: number, trials: number) => ({ successes, trials });

const seen = (
  healed: [number, number],
  left: [number, number],
  otherwise: [number, number],
  bot = 'disk',
  own = true,
  looks = 1,
) => ({
  bot,
  own,
  looks,
  minutes: 15,
  healed: of(...healed),
  left: of(...left),
  otherwise: of(...otherwise),
});

describe('an entry does harm', () => {
  test.each<[string, Parameters<typeof seen>, boolean]>([
    [
      'more often after heals than after what it left alone',
      [
        [12, 12],
        [0, 5],
        [1, 90],
      ],
      true,
    ],
    [
      'though not after every heal',
      [
        [30, 50],
        [0, 12],
        [1, 90],
      ],
      true,
    ],
    [
      'but not by few of either',
      [
        [8, 8],
        [0, 3],
        [1, 9],
      ],
      false,
    ],
    [
      'but not when as much begins without it',
      [
        [12, 12],
        [5, 5],
        [0, 90],
      ],
      false,
    ],
    [
      'but not when nearly as much does',
      [
        [40, 50],
        [5, 9],
        [0, 90],
      ],
      false,
    ],
    [
      'nearly always, with nothing left alone to compare with',
      [
        [12, 12],
        [0, 0],
        [1, 90],
      ],
      true,
    ],
    [
      'but not sometimes',
      [
        [12, 20],
        [0, 0],
        [1, 90],
      ],
      false,
    ],
    [
      'but not in a bot that finds something all the time',
      [
        [12, 12],
        [0, 0],
        [80, 90],
      ],
      false,
    ],
    [
      'but not where one that it left alone was followed, too',
      [
        [12, 12],
        [1, 1],
        [1, 90],
      ],
      false,
    ],
    [
      'but not without looks to compare with',
      [
        [19, 19],
        [0, 0],
        [0, 0],
      ],
      false,
    ],
    [
      'unless it is so for long',
      [
        [20, 20],
        [0, 0],
        [1, 4],
      ],
      true,
    ],
  ])('%s', (_, counts, harms) => {
    expect(harmOf([seen(...counts)], 1, null) !== null).toBe(harms);
  });

  test('at its own bot, however many others there are; at one of the others only where that is certain among all of them', () => {
    const at = (own: boolean) => seen([12, 12], [0, 5], [60, 90], 'disk', own);
    expect(harmOf([at(true)], 200, null)).toMatchObject({ pattern: 'harms', bot: 'disk' });
    expect(harmOf([at(false)], 2, null)).toBeNull();
    const surely = seen([34, 34], [0, 5], [60, 90], 'disk', false);
    expect(harmOf([seen([2, 40], [0, 5], [1, 90], 'queue'), surely], 100, null)).toMatchObject({
      bot: 'disk',
    });
    expect(harmOf([surely], 200, null)).toBeNull();
  });

  test('until enough was left alone and shows no harm', () => {
    const known = (...counts: Parameters<typeof seen>) =>
      harmOf([seen(...counts)], 1, { bot: 'disk' });
    expect(known([12, 14], [1, 4], [1, 90]), 'too few').not.toBeNull();
    expect(known([12, 14], [2, 5], [1, 90]), 'less sure').not.toBeNull();
    expect(known([12, 14], [4, 5], [1, 90])).toBeNull();
    expect(known([4, 4], [0, 0], [1, 90]), 'it began again').toBeNull();
  });

  test('in words with all of its figures', () => {
    expect(harmOf([seen([12, 12], [0, 5], [1, 90])], 1, null)!.why).toBe(
      'another problem began at disk within 15 minutes after 12 of 12 heals, after 0 of 5 findings that it left alone, ' +
        'and in 1 of 90 looks without a heal before: the probability of that by chance alone is .0002',
    );
  });
});

test('where there was nothing to compare with it says so', () => {
  expect(harmOf([seen([20, 20], [0, 0], [1, 1])], 1, null)!.why).toBe(
    'another problem began at disk within 15 minutes after 20 of 20 heals, after 0 of 0 findings that it left alone, ' +
      'and in 1 of 1 looks without a heal before: there is too little to compare with',
  );
});

describe('what does harm', () => {
  const harm = harmOf([seen([12, 12], [0, 5], [1, 90])], 1, null);
  const auto = { autonomy: 'auto' as const, why: 'good' };

  test('loses auto, and no record earns it back', () => {
    expect(restrictByHarm(null, 'auto', harm)).toMatchObject({
      autonomy: 'suggest',
      why: harm!.why,
    });
    expect(restrictByHarm(auto, 'suggest', harm)).toBeNull();
  });

  test('may change otherwise', () => {
    const lower = { autonomy: 'shadow' as const, why: 'bad' };
    expect(restrictByHarm(lower, 'suggest', harm)).toBe(lower);
    expect(restrictByHarm(null, 'suggest', harm)).toBeNull();
    expect(restrictByHarm(auto, 'suggest', null)).toBe(auto);
  });
});

// A hundred histories of each are `node test/heal/simulation/harm.ts`.
describe('in histories', () => {
  test('storms, spreading and frequent faults are not blamed on the entry that heals them, although a plain comparison would blame it', () => {
    const worlds = innocent.filter(({ name }) => !/just 4|, [13] a day/.test(name));
    const blamed = worlds.flatMap((world) => [1, 2, 3].map((seed) => history(world, seed)));
    expect(blamed.filter(({ rule }) => rule !== null)).toHaveLength(0);
    expect(blamed.filter(({ plain }) => plain !== null).length).toBeGreaterThan(blamed.length / 2);
  });

  test.each(harmful.map((world) => [world.name, world] as const))(
    '%s: within a day',
    (_, world) => {
      const { rule } = history(world, 1);
      expect(rule).not.toBeNull();
      expect(rule! - 7).toBeLessThan(1);
    },
  );
});
