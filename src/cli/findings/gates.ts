/** Gates in words, with the figures that closed them. */
import type { Explained } from '../../services/findings/explain.ts';
import { printable } from '../../ground/text.ts';
import { counted } from '../terminal/print.ts';

const minutes = (value: number): string => counted(Math.floor(value), 'minute');

/** If a limit cannot be read, its gate is closed. */
const limited = (limit: number | null, say: (limit: number) => string): string =>
  limit === null
    ? 'its limit is not set, or is not a number: `npx roundsman limits` sets it'
    : say(limit);

type Inputs = NonNullable<Explained['inputs']>;
type Words = (now: Inputs, explained: Explained) => string;

const words: Record<string, Words> = {
  kill_switch: () => 'the mode is off, or not set: nothing is healed',
  mode: ({ mode }) =>
    mode === 'safe'
      ? 'the mode is safe: steps that are not safe need a person (`tickets approve`)'
      : `the mode ${printable(String(mode))} is not known: nothing is healed`,
  silenced: () => 'it is silenced, or suppressed by another open finding',
  disabled: (_, { candidate: { enabled, solution } }) =>
    enabled && solution.kind === 'broken'
      ? `its playbook cannot run: ${printable(solution.why)}`
      : 'it is not enabled',
  autonomy: (_, { candidate }) =>
    candidate.autonomy === 'shadow'
      ? 'it is in shadow here: it only says what it would do'
      : 'it only suggests here, and waits for a person (`tickets approve`)',
  approval: ({ answer, undone }) =>
    answer === 'rejected'
      ? 'a person rejected it for this finding'
      : undone
        ? 'its last effect on this was undone: it waits for a person (`tickets approve`)'
        : 'what cannot be undone always waits for a person (`tickets approve`)',
  cooldown: ({ minutes_since_last: since, cooldown }) =>
    limited(
      cooldown,
      (limit) =>
        `it was tried on this ${minutes(since ?? 0)} ago; the next try may come after ${minutes(limit)}`,
    ),
  in_progress: () =>
    'an earlier cure is not judged yet, or it is not known whether it happened (`actions list`)',
  attempts: ({ entry_last_hour: tried, heals_per_entry }) =>
    limited(
      heals_per_entry,
      (limit) => `${counted(tried, 'heal')} with it in the last hour; at most ${limit}`,
    ),
  daily: (now) =>
    limited(now.heals_a_day === null ? null : now.heals_per_day, (limit) =>
      now.component_last_day < limit
        ? `${counted(now.entry_last_day, 'heal')} of all components with it in 24 hours; at most ${now.heals_a_day} unless a person approves`
        : `${counted(now.component_last_day, 'heal')} of this component with it in 24 hours; at most ${limit} unless a person approves`,
    ),
  breaker: (now) =>
    limited(now.breaker_failures === null ? null : now.breaker_minutes, (limit) => {
      const row = `its last ${counted(now.failures_in_row, 'heal')} failed`;
      return `${row}; it rests for ${minutes(limit)} after the last one`;
    }),
  budget: ({ engine_last_hour: all, budget }) =>
    limited(budget, (limit) => `${counted(all, 'heal')} in the last hour; at most ${limit} in all`),
  storm: (now) =>
    limited(
      now.storm_components === null ? null : now.storm_share,
      () =>
        `${counted(now.broken_components, 'component')} of its bot are broken: the cause is elsewhere`,
    ),
};

/** What a run would do now with the candidate, and why. */
export function prospectInWords(explained: Explained, first: string | undefined): string {
  const { prospect, gate, inputs, storm } = explained;
  const unless = storm
    ? `, unless the ${counted(inputs!.broken_components, 'broken component')} are more than the storm share of the components that the run examines`
    : '';
  switch (prospect) {
    case 'apply':
      return `would be applied${unless}`;
    case 'hold out':
      return `would be left alone for one run, to see whether it recovers by itself${unless}`;
    case 'wait':
      return `its gates are open; ${printable(first ?? 'another one')} is tried first`;
    case 'advise':
      return 'advice: shown on the ticket for a person';
    case 'closed': {
      // Advice has no inputs, and its only gate needs none.
      const say = words[gate!] as ((now: Inputs | null, all: Explained) => string) | undefined;
      return `gate ${gate}${say ? `: ${say(inputs, explained)}` : ''}`;
    }
  }
}
