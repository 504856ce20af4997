/** One step of a review: from a state and an event, the next state and the intents to carry out. It has no side effects. */
import { printable } from '../../ground/text.ts';
import type { Input } from '../screen/keys.ts';
import { whileAsking, whileFiltering } from './asking.ts';
import { nameOf } from './actions/action.ts';
import { ownChangeOf, withoutLast } from './own-changes.ts';
import { held, isPartOfText, paceAfter } from './pace.ts';
import { onKey } from './press.ts';
import {
  quietMs,
  type Asking,
  type Event,
  type Filtering,
  type Intent,
  type State,
} from './state.ts';
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
      return onInput(withPace(state, event.input, now), event.input, now);
    case 'paused':
      return { state: { ...state, held: null }, intents: [...(state.held?.intents ?? [])] };
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

const hurriedWords = 'several keys at once, and what is pasted, do nothing here';

const wasHurried = ({ message }: State): boolean => message?.text.endsWith(hurriedWords) ?? false;

/** What a key asked for is not done where other keys follow it at once: it was the beginning of a text. */
function withPace(state: State, input: Input, now: number): State {
  const pace = paceAfter(state.pace, input, now);
  if (!state.held || !pace.isMixed) return { ...state, pace };
  const message = { tone: 'refused', text: `nothing was done: ${hurriedWords}` } as const;
  return { ...state, pace, held: null, mode: state.held.from, message };
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
    return input.kind === 'key' && !state.pace.isMixed && input.text === 'q'
      ? held(state, { state, intents: [{ do: 'quit' }] })
      : stateOnly(state);
  if (isTyping && !isChoice(mode)) return onTyped(state, mode, input);
  const isAnswer = mode.kind === 'asking';
  // After one key was ignored, those that follow it could mean something else: all are ignored, up to a pause.
  if (!isAnswer && now < state.quietUntil) return stateOnly(ignoreKey(state, now));
  const isLeaving = input.text === 'escape' || input.text === 'interrupt';
  if (input.kind !== 'key' || (state.pace.isMixed && !isLeaving))
    // That nothing was done stays readable.
    return withRefusal(state, wasHurried(state) ? state.message!.text : hurriedWords);
  if (isAnswer) return held(state, whileAsking(state, mode, input));
  // The next key clears a refusal: the person has read it.
  const read = state.message?.tone === 'refused' ? { ...state, message: null } : state;
  return held(state, onKey(read, input.text));
}

/** A key answers the question, and no text. */
const isChoice = (mode: Asking | Filtering): boolean =>
  mode.kind === 'asking' && mode.questions[mode.answers.length]?.choices !== undefined;

function onTyped(state: State, mode: Asking | Filtering, input: Input): Step {
  const isEnter = input.kind === 'key' && input.text === 'enter';
  const isText = isEnter && isPartOfText(state.pace);
  if (isText && !mode.prompt.isProse)
    return withRefusal(state, 'Enter came as fast as what is pasted: press it again');
  const typed: Input = isText ? { kind: 'key', text: 'line break' } : input;
  return held(
    state,
    mode.kind === 'asking' ? whileAsking(state, mode, typed) : whileFiltering(state, mode, typed),
  );
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
