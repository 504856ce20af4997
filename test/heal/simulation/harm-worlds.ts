/** Innocent entries among faults that come together, and entries that do make the next fault. */
import type { Chance } from '../../../src/demo/chance.ts';
import type { World } from './harm-histories.ts';

type Faults = World['faults'];

const components = 20;

/** So many an hour, each by itself. */
const independent =
  (anHour: number, every: number, of = components): Faults =>
  (_, chance) =>
    chance.next() < (anHour * every) / 60 ? [chance.between(0, of - 1)] : [];

/** So many a day, each of this many components within these minutes. */
function storms(aDay: number, [least, most]: [number, number], minutes: number, every: number) {
  let coming: { at: number; component: number }[] = [];
  return (now: number, chance: Chance): number[] => {
    if (now === 0) coming = [];
    if (chance.next() < (aDay * every) / 1_440) {
      const first = chance.between(0, components - 1);
      const size = chance.between(least, most);
      for (let number = 0; number < size; number++)
        coming.push({
          at: now + Math.floor(chance.next() * minutes),
          component: (first + number) % components,
        });
    }
    const due = coming.filter(({ at }) => at <= now);
    coming = coming.filter(({ at }) => at > now);
    return due.map(({ component }) => component);
  };
}

/** Each fault makes the next one by this chance, whatever is done about it. */
function spreading(aDay: number, by: number, every: number) {
  let next: number[] = [];
  return (now: number, chance: Chance): number[] => {
    const due = now === 0 ? [] : next;
    if (chance.next() < (aDay * every) / 1_440) due.push(chance.between(0, components - 1));
    next = due.flatMap((one) => (chance.next() < by ? [(one + 1) % components] : []));
    return due;
  };
}

const days = 30;

export const innocent: World[] = [10, 30].flatMap((every) =>
  [
    { name: 'independent faults, 5 a day', faults: independent(0.2, every) },
    { name: 'independent faults, 2 an hour', faults: independent(2, every) },
    ...[0.3, 1, 3].flatMap((aDay) => [
      {
        name: `storms of 2 to 5 in 30 minutes, ${aDay} a day`,
        faults: storms(aDay, [2, 5], 30, every),
      },
      {
        name: `storms of 3 to 9 in 30 minutes, gone after 45, ${aDay} a day`,
        faults: storms(aDay, [3, 9], 30, every),
        lasts: 45,
      },
      {
        name: `storms of 6 to 12 in 2 hours, critical, ${aDay} a day`,
        faults: storms(aDay, [6, 12], 120, every),
        critical: true,
      },
      { name: `faults that spread by .9, ${aDay} a day`, faults: spreading(aDay, 0.9, every) },
      {
        name: `storms of just 4 in 30 minutes, gone after 45, ${aDay} a day`,
        faults: storms(aDay, [4, 4], 30, every),
        lasts: 45,
      },
    ]),
  ].map((world) => ({
    ...world,
    name: `${world.name}, every ${every} minutes`,
    every,
    days,
    components,
  })),
);

/** Platforms on which each heal is soon followed by another fault, whatever it does. */
export const busy: World[] = [5, 10].flatMap((every) =>
  [2, 4, 6].flatMap((anHour) =>
    [false, true].map((critical) => ({
      name: `independent faults, ${anHour} an hour${critical ? ', critical' : ''}, every ${every} minutes`,
      every,
      days,
      components: 60,
      critical,
      faults: independent(anHour, every, 60),
    })),
  ),
);

const once: Faults = (minute) => (minute === 7 * 1_440 ? [0] : []);
const nextOf = (count: number) => (component: number) => [(component + 1) % count];

export const harmful: World[] = [5, 10, 20, 30, 60].flatMap((every) =>
  [false, true].map((critical) => ({
    name: `each heal breaks the next of 40${critical ? ', critical' : ''}, every ${every} minutes`,
    every,
    days: 9,
    components: 40,
    critical,
    faults: once,
    harm: nextOf(40),
  })),
);

export const partly: World[] = [0.3, 0.5].map((share) => ({
  name: `${share} of the heals break the next, faults each 2 hours, every 10 minutes`,
  every: 10,
  days,
  components,
  faults: independent(0.5, 10),
  harm: (component, chance) => (chance.next() < share ? nextOf(components)(component) : []),
}));

/** What each heal breaks shows when so many intervals have passed. */
export const late: World[] = [3, 10, 20].flatMap((every) =>
  [1.2, 1.5, 2.5, 5].flatMap((intervals) =>
    [false, true].map((critical) => ({
      name: `each heal breaks the next of 12 after ${intervals} intervals${critical ? ', critical' : ''}, every ${every} minutes`,
      every,
      days: 11,
      components: 12,
      critical,
      faults: once,
      harm: nextOf(12),
      lag: intervals * every,
    })),
  ),
);
