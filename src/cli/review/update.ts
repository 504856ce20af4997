/** One step of a review: from a state and an event, the next state and the intents to carry out. It has no side effects. */
import { printable } from '../../ground/text.ts';
import type { Input } from '../screen/keys.ts';
import { whileAsking, whileFiltering } from './asking.ts';
import { nameOf } from './actions/action.ts';
import { ownChangeOf, withoutLast } from './own-changes.ts';
import { onKey } from './press.ts';
import { quietMs, type Event, type Intent, type State } from './state.ts';
import {
  busy,
  intentToGoOn,
  stateOnly,
  reading,
  readingNext,
  withRefusal,
  type Step,
} from './step.ts';

/** `now`: ms of a clock that only goes forward. */
export function update(state: State, event: Event, now: number): Step {
  switch (event.type) {
    case 'input':
      return onInput(state, event.input, now);
    case 'next':
      return stateOnly(nextShown(state, event, now));
    case 'shown':
      return stateOnly(showAnother({ ...state, seen: event.review, at: event.at }, now));
    case 'changed':
      return stateOnly(onChange(state, event));
    case 'done': {
      const { done, ticket } = event;
      return {
        state: {
          ...busy(state, readingNext),
          message: { tone: 'notice', text: done.message },
          done: [...state.done, ownChangeOf(done, ticket)],
          drafts: withoutDraftsOf(state, ticket),
        },
        intents: [intentToGoOn(state)],
      };
    }
    case 'undone':
      return {
        state: {
          ...state,
          message: { tone: 'notice', text: event.undone.message },
          done: withoutLast(state.done, event.undone),
        },
        intents: [showAgain(state, event.ticket)],
      };
    case 'previewed': {
      const { action, answers, lines, kept } = event;
      if (state.mode.kind !== 'busy' || !state.seen) return stateOnly(state);
      const warning = action.warning(state.seen, answers) ?? '';
      const mode = { kind: 'confirming', action, answers, warning, lines, kept } as const;
      return stateOnly({ ...state, mode });
    }
    case 'pages': {
      const { title, lines } = event;
      return stateOnly({
        ...state,
        mode: { kind: 'pages', title, lines, scroll: 0 },
        message: null,
      });
    }
    case 'queued':
      return stateOnly({ ...state, mode: { kind: 'waiting', run: event.run, lines: event.lines } });
    case 'filtered': {
      const { filter, text } = event;
      const words = text ? `Only: ${printable(text)}` : 'All tickets that wait';
      const from: State = { ...state, filter, filterText: text, trail: [], at: -1 };
      return {
        state: { ...busy(from, readingNext), message: { tone: 'notice', text: words } },
        intents: [{ do: 'next' }],
      };
    }
    case 'failed': {
      const { mode } = state;
      const back = mode.kind === 'busy' ? mode.from : mode.kind === 'waiting' ? reading : mode;
      // The change before it can still be undone.
      const done = event.isUndo ? state.done.slice(0, -1) : state.done;
      // The message about the last change stays when the next ticket could not be read.
      const before =
        mode.kind === 'busy' && mode.what === readingNext && state.message?.tone === 'notice'
          ? `${state.message.text}; `
          : '';
      return withRefusal({ ...state, mode: back, done }, before + event.text);
    }
    case 'outage':
      return stateOnly({ ...state, outage: event.why });
  }
}

function nextShown(
  state: State,
  { review, left }: Extract<Event, { type: 'next' }>,
  now: number,
): State {
  if (!review) return showAnother({ ...state, seen: null, left: 0, at: state.trail.length }, now);
  const trail = [...state.trail, review.ticket.id];
  return showAnother({ ...state, seen: review, left: left - 1, trail, at: trail.length - 1 }, now);
}

/** Puts another ticket on the screen. Keys that arrive in the first moment were meant for the one before. */
const showAnother = (state: State, now: number): State => ({
  ...state,
  mode: reading,
  scroll: 0,
  quietUntil: now + quietMs,
});

function showAgain({ trail, at }: State, ticket: string): Intent {
  const index = trail.indexOf(ticket);
  return { do: 'show', ticket, at: index < 0 ? at : index };
}

const withoutDraftsOf = ({ drafts }: State, ticket: string): State['drafts'] =>
  Object.fromEntries(Object.entries(drafts).filter(([key]) => !key.startsWith(`${ticket} `)));

/**
 * A text that is being typed stays. A confirmation that waits is taken back: it was about the ticket as it was before.
 */
function onChange(state: State, { review, message }: Extract<Event, { type: 'changed' }>): State {
  if (state.seen?.ticket.id !== review.ticket.id) return state;
  const isAsked = state.mode.kind === 'confirming' && message !== '';
  const text = isAsked
    ? `${message}; nothing was done: press the key again if you still mean it`
    : message;
  return {
    ...state,
    seen: review,
    mode: isAsked ? reading : state.mode,
    message: text ? { tone: isAsked ? 'refused' : 'notice', text } : state.message,
  };
}

function onInput(state: State, input: Input, now: number): Step {
  const { mode } = state;
  const isTyping = mode.kind === 'asking' || mode.kind === 'filtering';
  if (input.kind === 'key') {
    if (input.text === 'suspend') return { state, intents: [{ do: 'suspend' }] };
    if (input.text === 'draw again') return { state, intents: [{ do: 'draw again' }] };
    if (input.text === 'interrupt' && !isTyping && mode.kind !== 'confirming')
      return { state, intents: [{ do: 'quit' }] };
  }
  if (state.view.isTooSmall)
    return input.kind === 'key' && (input.text === 'q' || input.text === 'interrupt')
      ? { state, intents: [{ do: 'quit' }] }
      : stateOnly(state);
  if (mode.kind === 'asking') return whileAsking(state, mode, input);
  if (mode.kind === 'filtering') return whileFiltering(state, mode, input);
  // After one key was ignored, those that follow it could mean something else: all are ignored, up to a pause.
  if (now < state.quietUntil) return stateOnly(ignoreKey(state, now));
  if (input.kind !== 'key')
    return withRefusal(state, 'several keys at once, and what is pasted, do nothing here');
  // The next key clears a refusal: the person has read it.
  return onKey(state.message?.tone === 'refused' ? { ...state, message: null } : state, input.text);
}

const ignoredWords = 'are ignored';

/** Says that keys are ignored; the message about the last change stays beside it. */
function ignoreKey(state: State, now: number): State {
  const { seen, message } = state;
  const before = message && !message.text.includes(ignoredWords) ? `${message.text}; ` : '';
  const text = `${before}keys that came before ${seen ? nameOf(seen) : 'this'} was read ${ignoredWords}`;
  return {
    ...state,
    quietUntil: now + quietMs,
    message: message?.text.includes(ignoredWords) ? message : { tone: 'notice', text },
  };
}
