/** What the evidence has to lead to, and what is missed by it. */
import { componentsOf, type Cure } from './cures.ts';
import { goingOn } from './loops.ts';
import type { Outcome } from './measure.ts';

/** The share of the faults of a component that a cure removes, 0 to 1. */
export function merit(cure: Cure, component: string): number {
  const rest = { number: 0, at: 0, kind: cure.kind, lasts: null, respond: 0, approves: false };
  const lucks = Array.from({ length: 100 }, (_, at) => at / 100);
  const cured = lucks.filter((luck) => cure.truth({ ...rest, component, luck }) === 'cures');
  return cured.length / lucks.length;
}

/** Lower bounds this far up are out of reach for a cure that works less often. */
const autoNeeds = 0.6;

/**
 * One line for each promise that a simulation breaks: what works always on a component acts alone there in the
 * end, what works for less than 60 % acts alone nowhere, of two the better one is chosen, what goes in circles ends
 * within a day, and no cure is blamed for what others break. A cure between
 * the two may be either: one failure among its first five outcomes on a component costs it auto there for a while.
 */
export function missed(outcome: Outcome, cures: readonly Cure[]): string[] {
  const lines = cures.flatMap((cure) => {
    const fate = outcome.fates.find(({ name }) => name === cure.name);
    if (!fate) return [];
    const components = componentsOf(cure.kind);
    const isAuto = (component: string) => fate.autoAtEnd.includes(component);
    const wrongly = components.filter((one) => isAuto(one) && merit(cure, one) < autoNeeds);
    const without = components.filter((one) => !isAuto(one) && merit(cure, one) === 1);
    const blamed = fate.changes.filter(({ why }) => /problem began|undo each other/.test(why));
    return [
      ...(blamed.length > 0 && cure.name !== 'harmful' ? [`${cure.name} was blamed for harm`] : []),
      ...(wrongly.length > 0 ? [`${cure.name} may act alone on ${wrongly.join(', ')}`] : []),
      ...(without.length > 0 ? [`${cure.name} may not act alone on ${without.join(', ')}`] : []),
    ];
  });
  const late = (name: string) => outcome.fates.find((fate) => fate.name === name)?.late ?? 0;
  if (late('better') < 4 * late('worse'))
    lines.push(`better was chosen ${late('better')} times and worse ${late('worse')} times`);
  lines.push(...goingOn(outcome.loops));
  return lines.map((line) => `seed ${outcome.seed}: ${line}`);
}
