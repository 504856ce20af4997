import { Chance } from '../../../src/demo/chance.ts';
import { componentsOf, isWindowed, kinds, recovery, type Incident, type Kind } from './cures.ts';

/** The platform is looked at this often, in minutes. */
export const roundMinutes = 10;

/** A component breaks again no sooner than this, so that a cure's outcome is its own. */
const restMinutes = 4 * 60;

/** From midnight to six hardly anybody asks for anything. */
export const isNight = (minute: number): boolean => minute % (24 * 60) < 6 * 60;

/** Where requests are counted, evidence waits for the morning. */
const windowedRestMinutes = 24 * 60;

/**
 * All faults of a simulation, in the order of time: so many of the kinds whose checks look at a state, and for as long
 * as these take those of the windowed kinds, which break under load; without the former, so many of the latter.
 */
export function allIncidentsOf(seed: number, count: number, among: readonly Kind[]): Incident[] {
  const plain = among.filter((kind) => !isWindowed(kind));
  const windowed = among.filter(isWindowed);
  const first = plain.length > 0 ? incidentsOf(seed, count, plain) : [];
  const end = first.at(-1)?.at ?? null;
  const further =
    windowed.length > 0 ? windowedIncidentsOf(seed, end ?? count, end !== null, windowed) : [];
  return [...first, ...further]
    .toSorted((a, b) => a.at - b.at)
    .map((incident, number) => ({ ...incident, number }));
}

/** One to three hours between one fault and the next, none by night, a day between two of a component. */
function windowedIncidentsOf(
  seed: number,
  limit: number,
  isMinute: boolean,
  among: readonly Kind[],
): Incident[] {
  const chance = new Chance(seed + 1_000_003);
  const places = among.flatMap((kind) =>
    componentsOf(kind).map((component) => ({ kind, component })),
  );
  const lastBroken = new Map<string, number>();
  const incidents: Incident[] = [];
  for (let at = 0; isMinute ? at < limit : incidents.length < limit;) {
    at += chance.between(6, 18) * roundMinutes;
    while (isNight(at)) at += roundMinutes;
    const rested = places.filter(
      ({ component }) => at - (lastBroken.get(component) ?? -Infinity) >= windowedRestMinutes,
    );
    if (rested.length === 0) continue;
    const { kind, component } = chance.pick(rested);
    lastBroken.set(component, at);
    incidents.push({ number: 0, at, kind, component, ...drawn(chance, kind) });
  }
  return incidents;
}

const drawn = (chance: Chance, kind: Kind) => ({
  lasts: chance.next() < recovery(kind) ? chance.between(1, roundMinutes - 2) : null,
  luck: chance.next(),
  respond: chance.between(11, 30),
  approves: chance.next() < 0.6,
});

/**
 * The same list for the same seed: 10 to 30 minutes between one fault and the next, on whatever component
 * has been well for long enough.
 */
export function incidentsOf(
  seed: number,
  count: number,
  among: readonly Kind[] = kinds,
): Incident[] {
  const chance = new Chance(seed);
  const places = among.flatMap((kind) =>
    componentsOf(kind).map((component) => ({ kind, component })),
  );
  const lastBroken = new Map<string, number>();
  const rested = (at: number) =>
    places.filter(({ component }) => at - (lastBroken.get(component) ?? -Infinity) >= restMinutes);
  const incidents: Incident[] = [];
  let at = 0;
  for (let number = 0; number < count; number++) {
    at += chance.between(1, 3) * roundMinutes;
    while (rested(at).length === 0) at += roundMinutes;
    const { kind, component } = chance.pick(rested(at));
    lastBroken.set(component, at);
    incidents.push({
      number,
      at,
      kind,
      component,
      ...drawn(chance, kind),
    });
  }
  return incidents;
}
