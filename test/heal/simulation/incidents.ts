import { Chance } from '../../../src/data/fiction/chance.ts';
import { componentsOf, kinds, recovery, type Incident, type Kind } from './cures.ts';

/** The platform is looked at this often, in minutes. */
export const roundMinutes = 10;

/** A component breaks again no sooner than this, so that a cure's outcome is its own. */
const restMinutes = 4 * 60;

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
      lasts: chance.next() < recovery(kind) ? chance.between(1, roundMinutes - 2) : null,
      luck: chance.next(),
      respond: chance.between(11, 30),
      approves: chance.next() < 0.6,
    });
  }
  return incidents;
}
