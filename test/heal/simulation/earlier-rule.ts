/**
 * The rule that the platform had before: a cure is applied whenever `times_successful / times_applied` is
 * above 80 %, and it was successful when `apply()` did not throw. Nobody asks the check again. The same
 * incidents, the same cures, the same people; a person applies a cure the first time, as there is no rate yet.
 * It keeps three heals an hour for each entry, as the engine does: without a limit it would look worse still.
 */
import { componentsOf, curesOf, cures, hiddenMinutes, type Cure, type Incident } from './cures.ts';
import { roundMinutes } from './incidents.ts';
import { curveOf, type Heals, type Tally } from './measure.ts';
import { complaintAfter, patienceMinutes } from './operator.ts';

const threshold = 0.8;
const maxAnHour = 3;

interface Fault {
  incident: Incident;
  component: string;
  recoversAt: number;
  returnsAt: number;
  /** when a person looks at it; null while no person was told */
  visit: number | null;
  approved: boolean;
}

interface Entry extends Heals {
  cure: Cure;
  applied: number;
  successful: number;
  taken: number[];
}

export interface Earlier {
  tally: Tally;
  cures: (Heals & { name: string })[];
}

export function earlierRule(incidents: readonly Incident[]): Earlier {
  const faults = new Map<string, Fault>();
  const entries = new Map(
    cures.map((cure): [Cure, Entry] => [
      cure,
      { cure, applied: 0, successful: 0, taken: [], held: 0, wrong: 0 },
    ]),
  );
  const happened = { held: [] as number[], wrong: [] as number[], tickets: [] as number[] };
  let brokenMinutes = 0;

  function apply(entry: Entry, fault: Fault, now: number): void {
    const truth = entry.cure.truth({ ...fault.incident, component: fault.component });
    entry.taken.push(now);
    entry.applied += 1;
    // It did not throw.
    entry.successful += 1;
    entry[truth === 'cures' ? 'held' : 'wrong'] += 1;
    happened[truth === 'cures' ? 'held' : 'wrong'].push(now);
    // As far as is known, it is healed.
    fault.visit = null;
    if (truth === 'cures') faults.delete(fault.component);
    if (truth === 'hides') fault.returnsAt = now + hiddenMinutes;
    if (truth !== 'harms') return;
    fault.recoversAt = Infinity;
    const all = componentsOf(entry.cure.kind);
    const next = all[(all.indexOf(fault.component) + 1) % all.length]!;
    const there = faults.get(next);
    if (there) there.recoversAt = Infinity;
    else faults.set(next, newFault(fault.incident, next, Infinity));
  }

  function round(fault: Fault, now: number): void {
    const trusted = curesOf(fault.incident.kind)
      .map((cure) => entries.get(cure)!)
      .find(
        ({ applied, successful, taken }) =>
          successful / applied > threshold &&
          taken.filter((at) => at > now - 60).length < maxAnHour,
      );
    if (trusted) return apply(trusted, fault, now);
    if (fault.visit !== null) return;
    fault.visit = now + fault.incident.respond;
    happened.tickets.push(now);
  }

  function visit(fault: Fault, now: number): void {
    const [first] = curesOf(fault.incident.kind).map((cure) => entries.get(cure)!);
    if (!fault.approved && fault.incident.approves && first!.applied === 0) {
      apply(first!, fault, now);
      fault.approved = true;
      fault.visit = faults.has(fault.component) ? now + patienceMinutes : null;
    } else faults.delete(fault.component);
  }

  const last = incidents.at(-1)!.at;
  let begun = 0;
  for (let now = 0; now <= last + complaintAfter * 2; now += roundMinutes) {
    for (; incidents[begun]?.at === now; begun++) {
      const incident = incidents[begun]!;
      const recoversAt = now + (incident.lasts ?? Infinity);
      if (!faults.has(incident.component))
        faults.set(incident.component, newFault(incident, incident.component, recoversAt));
    }
    const present = [...faults.values()];
    for (const fault of present) {
      const down = fault.returnsAt <= now;
      if (fault.recoversAt <= now) faults.delete(fault.component);
      else if (fault.visit !== null && fault.visit <= now) visit(fault, now);
      else if (now - fault.incident.at >= complaintAfter) {
        happened.tickets.push(now);
        faults.delete(fault.component);
      } else if (down) round(fault, now);
    }
    brokenMinutes +=
      [...faults.values()].filter(({ returnsAt }) => returnsAt <= now).length * roundMinutes;
  }
  return {
    tally: {
      held: happened.held.length,
      wrong: happened.wrong.length,
      tickets: happened.tickets.length,
      brokenMinutes,
      curve: {
        held: curveOf(happened.held, last),
        wrong: curveOf(happened.wrong, last),
        tickets: curveOf(happened.tickets, last),
      },
    },
    cures: [...entries.values()].map(({ cure: { name }, held, wrong }) => ({ name, held, wrong })),
  };
}

const newFault = (incident: Incident, component: string, recoversAt: number): Fault => ({
  incident,
  component,
  recoversAt,
  returnsAt: -Infinity,
  visit: null,
  approved: false,
});
