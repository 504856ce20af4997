import type { Intent, Mode, State } from './state.ts';

/** The next state, and what has to be done. */
export interface Step {
  state: State;
  intents: Intent[];
}

export const stateOnly = (state: State): Step => ({ state, intents: [] });

export const reading: Mode = { kind: 'reading' };

/** The state while something is under way; it goes back to `from` when that fails. */
export const busy = (state: State, what: string, from: Mode = reading): State => ({
  ...state,
  mode: { kind: 'busy', what, from },
});

/** The state while something is being changed. */
export const busyChanging = (state: State, what: string, from: Mode = reading): State => ({
  ...state,
  mode: { kind: 'busy', what, from, isChange: true },
});

export const withRefusal = (state: State, text: string): Step =>
  stateOnly({ ...state, message: { tone: 'refused', text } });

/** Goes on to the ticket that was shown after this one, else to the next one of the list. */
export const intentToGoOn = ({ trail, at }: State): Intent =>
  at + 1 < trail.length ? { do: 'show', ticket: trail[at + 1]!, at: at + 1 } : { do: 'next' };

export const readingNext = 'reading the next ticket';
