/** The gates: each may keep an entry from healing a finding, and all have to be open. */
import { riskOf } from '../catalogue/solution.ts';
import type { GateInputs, PeopleDecisions, Stage } from './gate-inputs.ts';
import type { Candidate } from './match.ts';
import { isStorm } from './storm.ts';

interface Gate<Inputs> {
  name: string;
  /** asked only before a heal begins: afterwards the heal's own rows would close the gate */
  beforeBeginning?: true;
  closed(inputs: Inputs, candidate: Candidate): boolean;
}

const stepsOf = ({ solution }: Candidate) => (solution.kind === 'playbook' ? solution.steps : []);

const isApproved = ({ answer }: PeopleDecisions) => answer === 'approved';

/** The first gates. They ask what people have decided. */
const gatesOfPeople: Gate<PeopleDecisions>[] = [
  { name: 'kill_switch', closed: ({ mode }) => mode === 'off' || mode === null },
  {
    // This gate is about entries that would act alone: not about a heal that a person approved, nor about an entry that may
    // only say what it would do.
    name: 'mode',
    // With the mode off, or none, the gate before this one is closed already; this gate then answers as in the mode safe.
    closed: (inputs, candidate) => {
      const mode = inputs.mode === 'off' || inputs.mode === null ? 'safe' : inputs.mode;
      return (
        mode !== 'auto' &&
        !(
          mode === 'safe' &&
          (isApproved(inputs) ||
            candidate.autonomy !== 'auto' ||
            riskOf(stepsOf(candidate)) === 'safe')
        )
      );
    },
  },
  { name: 'silenced', closed: ({ silenced }) => silenced !== false },
  // While people work on something, it is not healed, even if a person has approved the heal before.
  { name: 'maintenance', closed: ({ maintained }) => maintained !== false },
  {
    name: 'disabled',
    closed: (_, { enabled, solution }) => !enabled || solution.kind === 'broken',
  },
  {
    name: 'autonomy',
    closed: (inputs, { autonomy }) => autonomy !== 'auto' && !isApproved(inputs),
  },
  {
    name: 'approval',
    closed: (inputs, candidate) =>
      inputs.answer === 'rejected' ||
      // An effect that was undone at a person's request is not repeated without an approval.
      ((inputs.undone !== false || riskOf(stepsOf(candidate)) === 'irreversible') &&
        !isApproved(inputs)),
  },
];

/** All gates, in the order in which they are asked; the first closed gate is recorded. An input that cannot be read closes its gate. */
const gates: Gate<GateInputs>[] = [
  ...gatesOfPeople,
  {
    name: 'cooldown',
    beforeBeginning: true,
    closed: ({ minutes_since_last, cooldown }) =>
      cooldown === null || (minutes_since_last !== null && minutes_since_last < cooldown),
  },
  { name: 'in_progress', closed: ({ unfinished }) => unfinished !== 0 },
  {
    name: 'attempts',
    beforeBeginning: true,
    closed: ({ entry_last_hour, heals_per_entry }) =>
      heals_per_entry === null || !(entry_last_hour < heals_per_entry),
  },
  {
    // Stops heals that repeat without a person noticing, on one component or on one after another. A person who approves a heal
    // notices it, and an approval is for one heal only.
    name: 'daily',
    beforeBeginning: true,
    closed: (inputs) =>
      inputs.heals_per_day === null ||
      inputs.heals_a_day === null ||
      (!(
        inputs.component_last_day < inputs.heals_per_day &&
        inputs.entry_last_day < inputs.heals_a_day
      ) &&
        !isApproved(inputs)),
  },
  {
    // Also stops the next step of a heal that has begun, when other heals of the entry have failed meanwhile.
    name: 'breaker',
    closed: ({ failures_in_row, minutes_since_failure, breaker_failures, breaker_minutes }) =>
      breaker_failures === null ||
      breaker_minutes === null ||
      (failures_in_row >= breaker_failures &&
        minutes_since_failure !== null &&
        minutes_since_failure < breaker_minutes),
  },
  {
    name: 'budget',
    beforeBeginning: true,
    closed: ({ engine_last_hour, budget }) => budget === null || !(engine_last_hour < budget),
  },
  {
    name: 'storm',
    beforeBeginning: true,
    closed: (inputs) => isStorm(inputs),
  },
];

const isClosed =
  (inputs: GateInputs, candidate: Candidate, stage: Stage) =>
  (gate: Gate<GateInputs>): boolean =>
    !(stage === 'begun' && gate.beforeBeginning) && gate.closed(inputs, candidate);

/** The name of the first closed gate, null when all are open. */
export const closedGate = (inputs: GateInputs, candidate: Candidate, stage: Stage): string | null =>
  gates.find(isClosed(inputs, candidate, stage))?.name ?? null;

/** The names of all closed gates, in the order in which they are asked. */
export const closedGates = (inputs: GateInputs, candidate: Candidate, stage: Stage): string[] =>
  gates.filter(isClosed(inputs, candidate, stage)).map(({ name }) => name);

/** The same for the first gates, which ask only what people have decided. */
export const closedByPeople = (decided: PeopleDecisions, candidate: Candidate): string | null =>
  gatesOfPeople.find((gate) => gate.closed(decided, candidate))?.name ?? null;
