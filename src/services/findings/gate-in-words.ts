/** Gates in words: the figures that closed them, when they open, and the command that asks again. */
import { counted, printable, shortId, span, time } from '../../ground/text.ts';
import type { Explained } from '../../heal/explain.ts';
import type { ClosedGate, WaitsFor } from '../../heal/openings.ts';

/** What a closed gate is about, beside the entry. */
export interface About {
  finding: string;
  bot: string;
  /** `T-42`; null where no ticket is open */
  ticket: string | null;
  /** the finding behind which it stands */
  suppressor: { id: string } | null;
  silences: readonly { id: string }[];
}

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
      ? 'the mode is safe: steps that are not safe need a person'
      : `the mode ${printable(String(mode))} is not known: nothing is healed`,
  silenced: () => 'it is silenced, or stands behind another open finding',
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

/** Why a gate is closed, with the figures. */
export function whyClosed(gate: string, explained: Explained): string {
  // Advice has no inputs, and its only gate needs none.
  const say = words[gate] as ((now: Inputs | null, all: Explained) => string) | undefined;
  return say?.(explained.inputs, explained) ?? 'it is closed';
}

const waiting: Record<Exclude<WaitsFor, 'time'>, string> = {
  person: 'a person opens it',
  silence: 'it opens when what is silenced is resolved, or the silence is ended',
  cause: 'it opens when that other finding is resolved',
  verdict: 'it opens when that cure is judged; when that can be is not known',
  recovery: 'it opens when fewer are broken',
};

/** `it opens at 2026-11-22 12:05:00 UTC, in 4m`, or what it waits for. */
export const whenItOpens = ({ waits_for, opens_at }: ClosedGate, now: Date): string =>
  waits_for === 'time' && opens_at
    ? `it opens at ${time(opens_at)} UTC, in ${span(Math.max(0, opens_at.getTime() - now.getTime()))}`
    : waiting[waits_for as Exclude<WaitsFor, 'time'>];

/** The limit that a person has to set where a gate waits for one. */
const limitsOf: Record<string, (now: Inputs) => string> = {
  cooldown: () => 'cooldown_minutes',
  attempts: () => 'heals_per_entry',
  daily: () => 'heals_per_day',
  breaker: ({ breaker_failures }) =>
    breaker_failures === null ? 'breaker_failures' : 'breaker_minutes',
  budget: () => 'heals_per_hour',
  storm: ({ storm_components }) => (storm_components === null ? 'storm_components' : 'storm_share'),
};

/** The command after which healing is asked again, or which opens the gate; null where nothing does for this finding. */
export function whatAsksAgain(
  { gate, waits_for }: ClosedGate,
  { candidate: { name, autonomy, solution }, inputs }: Explained,
  { bot, ticket, suppressor, silences }: About,
): string | null {
  const limit = limitsOf[gate];
  if (limit && waits_for === 'person') return `npx roundsman limits ${limit(inputs!)} N`;
  const approve = ticket && `npx roundsman tickets approve ${ticket}`;
  switch (gate) {
    case 'kill_switch':
      return 'npx roundsman mode safe';
    case 'mode':
      return inputs?.mode === 'safe'
        ? (approve ?? 'npx roundsman mode auto')
        : 'npx roundsman mode safe';
    case 'silenced':
      if (suppressor) return `npx roundsman findings show ${shortId(suppressor.id)}`;
      return silences[0] ? `npx roundsman silences end ${shortId(silences[0].id)}` : null;
    case 'disabled':
      return solution.kind === 'broken'
        ? `npx roundsman knowledge edit ${name}`
        : `npx roundsman knowledge enable ${name}`;
    case 'autonomy':
      return autonomy === 'shadow'
        ? `npx roundsman knowledge edit ${name} --autonomy suggest`
        : approve;
    case 'approval':
      return inputs?.answer === 'rejected' ? null : approve;
    default:
      return `npx roundsman bots run ${bot}`;
  }
}

/**
 * All about the closed gates of an entry, in one line: the first with its reason and its opening, then the others that
 * are closed too, and the command. Null when no gate is closed.
 */
export function gatesInWords(explained: Explained, about: About, now: Date): string | null {
  const [first, ...others] = explained.closed;
  if (!first) return null;
  const also = others.map((each) => `${each.gate} (${whenItOpens(each, now)})`);
  const command = whatAsksAgain(first, explained, about);
  return [
    `gate ${first.gate}: ${whyClosed(first.gate, explained)}`,
    whenItOpens(first, now),
    also.length > 0 && `closed too: ${also.join(', ')}`,
    command &&
      (first.waits_for === 'time' ? `after that \`${command}\` asks again` : `\`${command}\``),
  ]
    .filter(Boolean)
    .join('; ');
}
