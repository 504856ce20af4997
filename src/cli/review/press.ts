/** What a single key does while no text is typed. */
import { printable } from '../../ground/text.ts';
import { promptOf } from '../screen/prompt.ts';
import { actions } from './actions/actions.ts';
import { helpLines } from './help.ts';
import type { Confirming, Mode, State } from './state.ts';
import { askNext } from './asking.ts';
import {
  busy,
  busyChanging,
  intentToGoOn,
  stateOnly,
  reading,
  readingNext,
  withRefusal,
  type Step,
} from './step.ts';

/** The key that confirms: no action has it, and it is never the one that asked. */
export const confirmKey = 'y';

export function onKey(state: State, key: string): Step {
  const { mode } = state;
  switch (mode.kind) {
    case 'reading':
      return whileReading(state, key);
    case 'confirming':
      return whileConfirming(state, mode, key);
    case 'pages':
      return whileInPages(state, mode, key);
    case 'waiting':
      return whileWaiting(state, mode.run, key);
    case 'busy':
      // A person may quit while the database does not answer, or while nothing is being changed.
      return key === 'q' && (state.outage !== null || !mode.isChange)
        ? { state, intents: [{ do: 'quit' }] }
        : stateOnly(state);
    default:
      return stateOnly(state);
  }
}

function whileReading(state: State, key: string): Step {
  const { seen } = state;
  const scroll = scrollAfter(state.scroll, key, state.view);
  if (scroll !== null) return stateOnly({ ...state, scroll });
  const move = Object.hasOwn(moves, key) ? moves[key] : undefined;
  if (move) return move(state);
  const action = actions.find((each) => each.key === key);
  if (!action) return withRefusal(state, `${printable(key)} does nothing here: ? lists the keys`);
  if (!seen) return stateOnly(state);
  const why = action.refusal(seen);
  if (why !== null) return withRefusal(state, `${action.name}: ${why}`);
  return askNext(state, { kind: 'asking', action, questions: action.questions(seen), answers: [] });
}

const moves: Record<string, (state: State) => Step> = {
  n: next,
  right: next,
  p: previous,
  left: previous,
  u: undo,
  e: (state) =>
    state.seen
      ? {
          state: busy(state, 'reading why it is not healed'),
          intents: [{ do: 'explain', seen: state.seen }],
        }
      : stateOnly(state),
  v: (state) =>
    state.seen
      ? { state: busy(state, 'queueing a run'), intents: [{ do: 'check', seen: state.seen }] }
      : stateOnly(state),
  '/': (state) =>
    stateOnly({
      ...state,
      message: null,
      mode: { kind: 'filtering', prompt: promptOf(state.filterText, false) },
    }),
  '?': (state) =>
    stateOnly({
      ...state,
      mode: { kind: 'pages', title: 'Keys', lines: helpLines(), scroll: 0 },
      message: null,
    }),
  q: (state) => ({ state, intents: [{ do: 'quit' }] }),
};

function next(state: State): Step {
  // After the last one it begins again, with those that are left.
  const from = state.seen ? state : { ...state, trail: [], at: -1 };
  return { state: busy({ ...from, message: null }, readingNext), intents: [intentToGoOn(from)] };
}

function previous(state: State): Step {
  const at = state.at - 1;
  const ticket = state.trail[at];
  if (ticket === undefined) return withRefusal(state, 'no ticket was shown before this one');
  return {
    state: busy({ ...state, message: null }, 'reading the ticket before'),
    intents: [{ do: 'show', ticket, at }],
  };
}

function undo(state: State): Step {
  const last = state.done.at(-1);
  if (!last) return withRefusal(state, 'you have done nothing yet that could be undone');
  const { undo } = last.done;
  if ('cannot' in undo) return withRefusal(state, `${last.done.message}: ${undo.cannot}`);
  return {
    state: busyChanging({ ...state, message: null }, 'undoing what you did last'),
    intents: [{ do: 'undo', change: last }],
  };
}

function whileConfirming(state: State, mode: Confirming, key: string): Step {
  const { seen } = state;
  if (key !== confirmKey || !seen)
    return stateOnly({
      ...state,
      mode: reading,
      message: { tone: 'notice', text: 'Nothing was done' },
    });
  const { action, answers, kept } = mode;
  return {
    state: busyChanging(state, action.name),
    intents: [{ do: 'perform', action, seen, answers, kept }],
  };
}

function whileInPages(state: State, mode: Extract<Mode, { kind: 'pages' }>, key: string): Step {
  const scroll = scrollAfter(mode.scroll, key, state.view);
  if (scroll !== null) return stateOnly({ ...state, mode: { ...mode, scroll } });
  return ['q', 'escape', 'enter', '?', 'e'].includes(key)
    ? stateOnly({ ...state, mode: reading })
    : stateOnly(state);
}

function whileWaiting(state: State, run: string, key: string): Step {
  if (key !== 'escape' && key !== 'x') return stateOnly(state);
  const cancel = key === 'x' ? run : null;
  const words = cancel
    ? 'The run is asked to stop'
    : 'The run goes on by itself; v asks for another one';
  return {
    state: { ...state, mode: reading, message: { tone: 'notice', text: words } },
    intents: [{ do: 'stop waiting', cancel }],
  };
}

/** The first line that is shown after this key; null where the key does not scroll. */
function scrollAfter(
  scroll: number,
  key: string,
  { rows, maxScroll }: State['view'],
): number | null {
  const page = Math.max(1, rows - 1);
  const steps: Record<string, number> = {
    down: 1,
    j: 1,
    up: -1,
    k: -1,
    'page down': page,
    ' ': page,
    'page up': -page,
    b: -page,
    home: -Infinity,
    end: Infinity,
  };
  const step = Object.hasOwn(steps, key) ? steps[key] : undefined;
  return step === undefined ? null : Math.max(0, Math.min(scroll + step, maxScroll));
}
