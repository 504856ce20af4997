/** Carries out the intents of a review's step through services, and answers with events. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelRun } from '../../services/runs/cancel.ts';
import { changesOf } from '../../services/tickets/review-changes.ts';
import {
  nextToReview,
  readReview,
  requireKnownBot,
  type Review,
} from '../../services/tickets/review.ts';
import type { Context } from './actions/action.ts';
import { queueCheck, verdictInLines } from './check-again.ts';
import { undo } from './own-changes.ts';
import { refusalInWords, isDefect, outageInWords } from './errors-in-words.ts';
import { explainInLines } from './explain-in-lines.ts';
import { filterFrom } from './filter.ts';
import { whatHappened } from './happened.ts';
import type { Event, Intent, State } from './state.ts';

/** What the loop (on-screen.ts) does itself. */
export type LoopIntent = Extract<Intent, { do: 'suspend' | 'draw again' | 'quit' }>;

const retryMs = 1_000;
/** After this long without an answer to a small query, the database counts as away. */
const answerTimeoutMs = 5_000;

export interface Performer {
  perform(intent: Exclude<Intent, LoopIntent>, state: () => State): Promise<void>;
  /** Looks once whether the ticket on the screen has changed. */
  look(state: () => State): Promise<void>;
  stop(): void;
}

export function performer(context: Context, give: (event: Event) => void): Performer {
  const { db } = context;
  const ended = new AbortController();
  let waiting: AbortController | null = null;

  /** Reads until the database answers. A refusal is shown, and gives undefined. */
  async function untilRead<Result>(
    state: () => State,
    read: () => Promise<Result>,
  ): Promise<Result | undefined> {
    while (!ended.signal.aborted) {
      try {
        const result = await read();
        noteAnswer(state);
        return result;
      } catch (error) {
        if (!noteOutage(error)) {
          give({ type: 'failed', text: refusalInWords(error)! });
          return undefined;
        }
        await sleep(retryMs, undefined, { signal: ended.signal }).catch(() => {});
      }
    }
    return undefined;
  }

  const noteAnswer = (state: () => State) => {
    if (state().outage !== null) give({ type: 'outage', why: null });
  };

  /** Shows that the database does not answer, and returns true; false for a refusal. Throws a defect. */
  function noteOutage(error: unknown): boolean {
    if (refusalInWords(error) !== null) return false;
    if (isDefect(error)) throw error;
    give({ type: 'outage', why: outageInWords(error) });
    return true;
  }

  async function perform(intent: Exclude<Intent, LoopIntent>, state: () => State): Promise<void> {
    switch (intent.do) {
      case 'next': {
        const { filter, trail: except } = state();
        const found = await untilRead(state, () => nextToReview(context, { filter, except }));
        if (found) give({ type: 'next', ...found });
        return;
      }
      case 'show': {
        const { ticket, at } = intent;
        const review = await untilRead(state, () => readReview(context, { ticket }));
        if (review) give({ type: 'shown', review, at });
        return;
      }
      case 'preview': {
        const { action, seen, answers } = intent;
        const shown = await action.preview!(context, seen, answers);
        return give({ type: 'previewed', action, answers, ...shown });
      }
      case 'perform': {
        const { action, seen, answers, kept } = intent;
        const outcome = await action.perform(context, seen, answers, kept);
        return give({ type: 'done', done: outcome, ticket: seen.ticket.id });
      }
      case 'undo': {
        const undone = await undo(context, intent.change);
        return give({ type: 'undone', undone, ticket: intent.change.ticket });
      }
      case 'explain': {
        const lines = await explainInLines(context, intent.seen);
        return give({ type: 'pages', title: 'Why it is not healed', lines });
      }
      case 'check':
        return check(intent.seen);
      case 'stop waiting':
        waiting?.abort();
        if (intent.cancel)
          await cancelRun(context, { run: intent.cancel, reason: 'cancelled in a review' });
        return;
      case 'filter': {
        const { text } = intent;
        const filter = filterFrom(text, context.actor.name);
        // A bot that does not exist is refused at the prompt.
        await requireKnownBot(db, filter);
        return give({ type: 'filtered', filter, text });
      }
    }
  }

  async function check(seen: Review): Promise<void> {
    const { run, lines } = await queueCheck(context, seen);
    waiting = new AbortController();
    const signal = AbortSignal.any([waiting.signal, ended.signal]);
    give({ type: 'queued', run: run.id, lines });
    const verdict = await verdictInLines(context, seen, { run: run.id, signal });
    if (verdict) give({ type: 'pages', title: 'Checked again', lines: verdict });
  }

  let isLooking = false;
  async function look(state: () => State): Promise<void> {
    const { seen, mode } = state();
    if (!seen || isLooking) return;
    isLooking = true;
    try {
      const happened = await inTime(changesOf(db, seen));
      noteAnswer(state);
      if (happened === null) return give({ type: 'unchanged' });
      if (mode.kind === 'busy') return;
      const review = await readReview(context, { ticket: seen.ticket.id });
      give({
        type: 'changed',
        review,
        message: whatHappened(happened, context.actor.name, review.now),
      });
    } catch (error) {
      noteOutage(error);
    } finally {
      isLooking = false;
    }
  }

  return {
    look,
    async perform(intent, state) {
      try {
        await perform(intent, state);
      } catch (error) {
        const words = refusalInWords(error);
        if (words !== null)
          return give({
            type: 'failed',
            text: words,
            ...(intent.do === 'undo' && { isUndo: true }),
          });
        noteOutage(error);
        const unknown =
          intent.do === 'perform' || intent.do === 'undo'
            ? 'it is not known whether that was done: the ticket will show it'
            : 'that was not read: try again';
        give({ type: 'failed', text: unknown });
      }
    },
    stop: () => ended.abort(),
  };
}

async function inTime<Result>(answer: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer for ${answerTimeoutMs / 1000} s`)),
    answerTimeoutMs,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
    answer.catch(() => {});
  }
}
