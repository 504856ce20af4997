/**
 * Histories of one entry that is auto, without an engine: faults as platforms have them, healed under the limits as
 * delivered, with one in four held out while little is known. Does the rule for harm blame it, and when?
 */
import { Chance } from '../../../src/demo/chance.ts';
import { aftermathsIn, type Aftermath } from '../../../src/heal/judging/aftermath.ts';
import { maxLooks, type Moment } from '../../../src/heal/judging/followed.ts';
import { harmOf } from '../../../src/heal/judging/harm.ts';

export interface World {
  name: string;
  /** minutes between two looks */
  every: number;
  days: number;
  components: number;
  /** nothing is held out */
  critical?: boolean;
  /** minutes after which a fault is gone by itself */
  lasts?: number;
  /** Components that break by themselves before this look. */
  faults(minute: number, chance: Chance): number[];
  /** Components that a heal of this one breaks. */
  harm?: (component: number, chance: Chance) => number[];
  /** so many minutes after the heal; at once when it is not given */
  lag?: number;
}

/** Days until the entry was blamed, by the rule and by a plain comparison with the rest of the time; null when never. */
export interface Blamed {
  rule: number | null;
  plain: number | null;
}

const limits = { hour: 3, day: 8, untouched: 5 };
const newest = 50;
const dayOf = 24 * 60;

interface Healed {
  at: number;
  components: Set<number>;
}

export function history(world: World, seed: number): Blamed {
  const chance = new Chance(seed);
  const broken = new Map<number, { since: number; decided: boolean; heldOut: boolean }>();
  /** the components that broke at each look */
  const begun = new Map<number, number[]>();
  const heals: Healed[] = [];
  const left: Healed[] = [];
  const applied: { at: number; component: number }[] = [];
  const looks: number[] = [];
  const blamed: Blamed = { rule: null, plain: null };
  let coming: { at: number; component: number }[] = [];
  for (let now = 0; now < world.days * dayOf; now += world.every) {
    looks.push(now);
    for (const [component, { since }] of broken)
      if (now - since >= (world.lasts ?? Infinity)) broken.delete(component);
    const harmed = coming.filter(({ at }) => at <= now).map(({ component }) => component);
    coming = coming.filter(({ at }) => at > now);
    for (const component of new Set([...harmed, ...world.faults(now, chance)]))
      if (!broken.has(component)) {
        broken.set(component, { since: now, decided: false, heldOut: false });
        begun.set(now, [...(begun.get(now) ?? []), component]);
      }
    const healedNow = new Set<number>();
    const leftNow = new Set<number>();
    for (const [component, fault] of broken) {
      const within = (minutes: number, of: typeof applied) =>
        of.filter(({ at }) => at > now - minutes).length;
      const own = applied.filter((each) => each.component === component);
      const full = within(60, applied) >= limits.hour || within(dayOf, own) >= limits.day;
      const mayHoldOut = !world.critical && !fault.heldOut && applied.length > 0;
      if (full || (mayHoldOut && left.length < limits.untouched && chance.next() < 0.25)) {
        if (!fault.decided) leftNow.add(component);
        broken.set(component, { ...fault, decided: true, heldOut: !full });
        continue;
      }
      applied.push({ at: now, component });
      healedNow.add(component);
      broken.delete(component);
      for (const next of world.harm?.(component, chance) ?? [])
        coming.push({ at: now + (world.lag ?? 0), component: next });
    }
    if (healedNow.size > 0) heals.push({ at: now, components: healedNow });
    else if (leftNow.size > 0) left.push({ at: now, components: leftNow });
    if (healedNow.size === 0) continue;
    const { every } = world;
    blamed.rule ??= harmOf(aftermaths({ heals, left, begun, looks, every, now }), 1, null)
      ? now / dayOf
      : null;
    blamed.plain ??= plainly(heals, begun, now) ? now / dayOf : null;
  }
  return blamed;
}

interface Seen {
  heals: Healed[];
  left: Healed[];
  begun: Map<number, number[]>;
  looks: number[];
  every: number;
  now: number;
}

/** As src/heal/judging/aftermath.ts reads it from the database. */
function aftermaths({ heals, left, begun, looks, every, now }: Seen): Aftermath[] {
  const times = [...begun.keys()];
  const others = (moments: Healed[]): Moment[] =>
    moments.slice(-newest).map(({ at, components }) => {
      const after = firstIndex(times, at + every / 2);
      const isOther = (time: number) => begun.get(time)!.some((one) => !components.has(one));
      const first = times.slice(after, after + maxLooks * 3).find(isOther);
      return inMs({ at, first: first ?? null });
    });
  const healed = others(heals);
  const from = healed.length === newest ? healed[0]!.at : -Infinity;
  const free = looks.filter((look) => look > from).slice(-500);
  return aftermathsIn({
    bot: 'bot',
    own: true,
    intervalMs: every * minute,
    confirm: 1,
    healed,
    left: others(left),
    looks: free.map((at) => inMs({ at, first: times[firstIndex(times, at)] ?? null })),
    now: now * minute,
  });
}

const minute = 60_000;

const inMs = ({ at, first }: Moment): Moment => ({
  at: at * minute,
  first: first && first * minute,
});

/** Of ordered times the first one from this on. */
function firstIndex(times: readonly number[], from: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < from) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** More problems within half an hour of heals than that share of the time explains, at .01: what was tried first. */
function plainly(heals: Healed[], begun: Map<number, number[]>, now: number): boolean {
  const half = 30;
  let exposed = 0;
  let until = -Infinity;
  for (const { at } of heals) {
    exposed += Math.min(half, at + half - Math.max(at, until));
    until = at + half;
  }
  const share = exposed / Math.max(exposed + 1, now);
  let after = 0;
  let all = 0;
  let heal = 0;
  for (const [at, components] of begun) {
    while (heal < heals.length && heals[heal]!.at < at) heal += 1;
    all += components.length;
    if (heal > 0 && at <= heals[heal - 1]!.at + half) after += components.length;
  }
  return after >= 5 && tail(after, all, share) <= 0.01;
}

/** Of a binomial distribution: so many successes or more. */
function tail(successes: number, trials: number, share: number): number {
  let sum = 0;
  let log = trials * Math.log1p(-share);
  for (let had = 0; had <= trials; had++) {
    if (had >= successes) sum += Math.exp(log);
    log += Math.log(((trials - had) / (had + 1)) * (share / (1 - share)));
  }
  return sum;
}
