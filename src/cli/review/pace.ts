/**
 * What comes faster than a person presses keys is text, also where each byte comes by itself: a paste without marks over a slow
 * line, or from a program that types. Keys that only look or move act at once. What changes something, and leaving, waits for
 * a pause first, so that the first letter of such a text does not act either.
 */
import { repeatedKey, type Input } from '../screen/keys.ts';
import type { Intent, State } from './state.ts';

/**
 * Who presses two different keys on purpose, each for what it does, needs longer than this: a fast typist takes some 100 ms a key,
 * and has to read in between. A key that is held down repeats each 30 ms or so; it is the same key.
 */
export const apartMs = 100;

/** Text is typed faster than commands are given: only keys that are closer than this, several in a row, are none of a person. */
const typedMs = 75;
const maxTyped = 4;

/** How the newest keys followed each other. */
export interface Pace {
  /** the newest one; null where it was none, but a text */
  key: string | null;
  at: number;
  /** among those since the last pause are different ones */
  isMixed: boolean;
  /** how many came in a row each within {@link typedMs} */
  quick: number;
}

export const unhurried: Pace = { key: null, at: -Infinity, isMixed: false, quick: 0 };

export function paceAfter(pace: Pace, { kind, text }: Input, now: number): Pace {
  const key = kind === 'key' ? text : kind === 'text' ? repeatedKey(text) : null;
  const gap = now - pace.at;
  const isOther = key === null || key !== pace.key;
  return {
    key,
    at: now,
    isMixed: gap < apartMs && (pace.isMixed || isOther),
    quick: gap < typedMs ? pace.quick + 1 : 1,
  };
}

/** Whether Enter came as a part of a text that no person types so fast. */
export const isPartOfText = ({ quick }: Pace): boolean => quick >= maxTyped;

/** What waits for a pause because it changes something, or leaves. */
const hasToWait = (intent: Intent): boolean =>
  ['perform', 'undo', 'check', 'quit'].includes(intent.do) ||
  (intent.do === 'stop waiting' && intent.cancel !== null);

/** The step that a key asked for, of which nothing happens before a pause where it changes something. */
export const held = (
  before: State,
  { state, intents }: { state: State; intents: Intent[] },
): { state: State; intents: Intent[] } =>
  intents.some(hasToWait)
    ? { state: { ...state, held: { intents, from: before.mode } }, intents: [] }
    : { state, intents };
