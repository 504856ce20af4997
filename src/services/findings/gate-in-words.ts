/** Closed gates in words: the figures that closed them, when they open, and the command after which a run asks them again. */
import { counted, printable, shortId, span, time } from '../../ground/text.ts';
import type { Explained } from '../../heal/explain.ts';
import type { ClosedGate, WaitsFor } from '../../heal/openings.ts';
import {
  commandToAskAgain,
  endCommands,
  runCommand,
  type FindingContext,
} from './gate-commands.ts';

const minutes = (value: number): string => counted(Math.floor(value), 'minute');

/** The reason why a gate with a limit is closed; a gate whose limit cannot be read is closed, too. */
const limited = (limit: number | null, say: (limit: number) => string): string =>
  limit === null
    ? 'its limit is not set, or is not a number: `npx roundsman limits` sets it'
    : say(limit);

/**
 * Says how many of the counted heals had an earlier solution: limits count all heals of an entry, its figures only those with the
 * current one.
 */
const ofReplacedSolution = (earlier: number): string =>
  earlier > 0 ? `, ${earlier} of them before its solution was replaced` : '';

type Inputs = NonNullable<Explained['inputs']>;
type Words = (inputs: Inputs, explained: Explained, about: FindingContext) => string;

const reasons: Record<string, Words> = {
  kill_switch: ({ mode }) => `the mode is ${mode ?? 'not set'}: nothing is healed`,
  mode: ({ mode }) =>
    mode === 'safe'
      ? 'the mode is safe: steps that are not safe need a person'
      : `the mode ${printable(String(mode))} is not known: nothing is healed`,
  silenced: (_, __, { suppressor, silences }) =>
    [
      silences.length > 0 &&
        `it is silenced by ${silences.map(({ owner }) => printable(owner)).join(', ')}`,
      suppressor && `it stands behind another open finding (${shortId(suppressor.id)})`,
    ]
      .filter(Boolean)
      .join('; ') || 'it was silenced, or stood behind another finding, and is not any more',
  maintenance: (_, __, { maintenance }) =>
    maintenance.length > 0
      ? `maintenance holds it back: ${maintenance.map(({ owner, reason }) => `${printable(reason)} (${printable(owner)})`).join(', ')}`
      : 'maintenance held it back, and does not any more',
  disabled: (_, { candidate: { enabled, solution } }) =>
    enabled && solution.kind === 'broken'
      ? `its playbook cannot run: ${printable(solution.why)}`
      : 'it is not enabled',
  autonomy: (_, { candidate }) =>
    candidate.autonomy === 'shadow'
      ? 'it is in shadow here: it only says what it would do'
      : 'it only suggests here, and waits for a person',
  approval: ({ answer, undone }) =>
    answer === 'rejected'
      ? 'a person rejected it for this finding'
      : undone
        ? 'its last effect on this was undone: it waits for a person'
        : 'what cannot be undone always waits for a person',
  cooldown: ({ minutes_since_last: since, cooldown }) =>
    limited(
      cooldown,
      (limit) => `it was tried on this ${minutes(since ?? 0)} ago; ${minutes(limit)} have to pass`,
    ),
  in_progress: () => 'an earlier cure is not judged yet, or it is not known whether it happened',
  attempts: ({ entry_last_hour: tried, earlier_last_hour: earlier, heals_per_entry }) =>
    limited(
      heals_per_entry,
      (limit) =>
        `${counted(tried, 'heal')} with it in the last hour${ofReplacedSolution(earlier)}; at most ${limit}`,
    ),
  daily: (inputs) =>
    limited(inputs.heals_a_day === null ? null : inputs.heals_per_day, (limit) =>
      inputs.component_last_day < limit
        ? `${counted(inputs.entry_last_day, 'heal')} of all components with it in 24 hours${ofReplacedSolution(inputs.earlier_last_day)}; at most ${inputs.heals_a_day} unless a person approves`
        : `${counted(inputs.component_last_day, 'heal')} of this component with it in 24 hours${ofReplacedSolution(inputs.earlier_component_last_day)}; at most ${limit} unless a person approves`,
    ),
  breaker: (inputs) =>
    limited(inputs.breaker_failures === null ? null : inputs.breaker_minutes, (limit) => {
      const failures = `its last ${counted(inputs.failures_in_row, 'heal')} failed or relapsed`;
      return `${failures}; it rests for ${minutes(limit)} after the last one`;
    }),
  budget: ({ engine_last_hour: all, budget }) =>
    limited(budget, (limit) => `${counted(all, 'heal')} in the last hour; at most ${limit} in all`),
  storm: (inputs, _, { storm }) =>
    limited(inputs.storm_components === null ? null : inputs.storm_share, () =>
      stormInWords(inputs.broken_components, storm),
    ),
};

/** Why no heal begins in a storm. */
export const stormInWords = (broken: number, ticket: string | null): string =>
  `${counted(broken, 'component')} of its bot ${broken === 1 ? 'is' : 'are'} broken${ticket ? `, for which ${ticket} stands` : ''}: the cause is elsewhere`;

/** Why a gate is closed, with the figures. */
function whyClosed(gate: string, explained: Explained, about: FindingContext): string {
  // Advice has no inputs, and its only gate needs none.
  const say = reasons[gate] as
    | ((inputs: Inputs | null, all: Explained, about: FindingContext) => string)
    | undefined;
  return say?.(explained.inputs, explained, about) ?? 'it is closed';
}

const openingInWords: Record<Exclude<WaitsFor, 'time'>, string> = {
  person: 'a person opens it',
  silence: 'it opens when what is silenced is resolved, or the silence is ended',
  cause: 'it opens when that other finding is resolved',
  verdict: 'it opens when that cure is judged; it is not known when that will be',
  recovery: 'it opens when fewer are broken',
};

/** `it opens at 2026-11-22 12:05:00 UTC, in 4m`, or what it waits for. */
export const whenItOpens = ({ waits_for, opens_at }: ClosedGate, now: Date): string =>
  waits_for === 'time' && opens_at
    ? `it opens at ${time(opens_at)} UTC, in ${span(Math.max(0, opens_at.getTime() - now.getTime()))}`
    : openingInWords[waits_for as Exclude<WaitsFor, 'time'>];

/** What to do about a closed gate, with its command. */
function adviceFor(closed: ClosedGate, explained: Explained, about: FindingContext): string {
  const { gate, waits_for } = closed;
  const command = commandToAskAgain(closed, explained, about);
  const ends = endCommands(gate, about).join(' and ');
  if (gate === 'silenced' && !about.suppressor && waits_for === 'silence' && ends) return ends;
  if (waits_for === 'time') {
    const again = `after that \`${command}\` asks again`;
    return ends ? `${again}; ${ends} opens it before` : again;
  }
  const waitsForApproval = gate === 'autonomy' || gate === 'approval';
  return waitsForApproval && command === runCommand(about)
    ? `first a run has to suggest it: \`${command}\``
    : `\`${command}\``;
}

/**
 * The closed gates of an entry in one line: the first with its reason and when it opens, then the others that are closed
 * too, and the command. Null when no gate is closed.
 */
export function gatesInWords(
  explained: Explained,
  about: FindingContext,
  now: Date,
): string | null {
  const [first, ...others] = explained.closed;
  if (!first) return null;
  const also = others.map((each) => `${each.gate} (${whenItOpens(each, now)})`);
  return [
    `gate ${first.gate}: ${whyClosed(first.gate, explained, about)}`,
    whenItOpens(first, now),
    also.length > 0 && `closed too: ${also.join(', ')}`,
    adviceFor(first, explained, about),
  ]
    .filter(Boolean)
    .join('; ');
}
