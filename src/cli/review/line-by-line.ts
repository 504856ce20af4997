/** The review of tickets as numbered questions, line by line, without moving the cursor: for screen readers and dumb terminals. */
import { printable } from '../../ground/text.ts';
import type { Review, ReviewFilter } from '../../services/tickets/review.ts';
import { askFor } from '../terminal/ask.ts';
import { note, printError, put, say } from '../terminal/print.ts';
import { InterruptedError, UnansweredError } from '../terminal/unanswered.ts';
import { answerName, chosenFrom, perform } from './act-by-line.ts';
import type { ReviewAction, Context } from './actions/action.ts';
import { actions } from './actions/actions.ts';
import { queueCheck, verdictInLines } from './check-again.ts';
import { undo, withoutLast } from './own-changes.ts';
import { refusalInWords, isDefect, outageInWords } from './errors-in-words.ts';
import { explainInLines } from './explain-in-lines.ts';
import { filterFrom } from './filter.ts';
import { moveOn, type Move, type Walk } from './walk.ts';
import { factLines, offerOf, sections, headline } from './words.ts';

export async function lineByLine(context: Context, filter: ReviewFilter): Promise<void> {
  // With any other terminal readline moves the cursor to draw its line again. This process starts no program that would read TERM.
  process.env.TERM = 'dumb';
  const walk: Walk = { filter, trail: [], at: -1, done: [] };
  let move: Move = 'next';
  let seen: Review | null = null;
  try {
    while (move !== 'quit') {
      if (move !== 'here') {
        seen = await moveOn(context, walk, move);
        if (!seen && Object.keys(walk.filter).length > 0 && walk.trail.length === 0) {
          say('No such ticket. The filter is taken back.');
          walk.filter = {};
          move = 'next';
          continue;
        }
        if (!seen)
          return say(
            'That was the last one. `npx roundsman status` says whether anything else needs you.',
          );
        tell(seen);
      }
      move = await choose(context, walk, seen!).catch((error: unknown): Move => {
        if (error instanceof InterruptedError || error instanceof UnansweredError) throw error;
        if (isDefect(error)) throw error;
        if (refusalInWords(error) === null) {
          note(`the database does not answer: ${outageInWords(error)}`);
          return 'here';
        }
        printError(error, null);
        return 'again';
      });
    }
  } catch (error) {
    if (!(error instanceof InterruptedError || error instanceof UnansweredError)) throw error;
    process.exitCode = error.exitCode;
    note('the review was left; what was done before stays');
  }
}

function tell(seen: Review): void {
  say();
  say(headline(seen));
  say(printable(seen.ticket.title));
  for (const line of factLines(seen)) say(line);
  for (const { title, lines } of sections(seen)) {
    say(`${title}:`);
    for (const line of lines) say(`  ${line}`, '    ');
  }
  const offer = offerOf(seen);
  if (offer) {
    say(`Suggested: ${offer.does}`);
    say(`  ${offer.record}`, '    ');
  }
}

interface Choice {
  words: string;
  does(): Promise<Move> | Move;
}

async function choose(context: Context, walk: Walk, seen: Review): Promise<Move> {
  const choices: Choice[] = [
    ...actions.map((action) => choiceOf(context, walk, seen, action)),
    { words: 'run the check again, and show its verdict', does: () => check(context, seen) },
    {
      words: 'explain why it is not healed',
      async does(): Promise<Move> {
        for (const line of await explainInLines(context, seen)) say(line, '    ');
        return 'here';
      },
    },
    { words: 'undo what you did last', does: () => undoLast(context, walk) },
    { words: 'the next ticket', does: () => 'next' },
    {
      words: 'the ticket before',
      does: () => (walk.at > 0 ? 'previous' : (note('there is none before'), 'here')),
    },
    { words: 'filter', does: () => filterBy(context, walk) },
    { words: 'quit', does: () => 'quit' },
  ];
  put(choices.map(({ words }, index) => `${String(index + 1).padStart(2)}  ${words}`).join('\n'));
  const howToLeave = `${choices.length} quits, and so does Ctrl-C`;
  return (await chosenFrom('What now', choices, howToLeave)).does();
}

/** An action keeps its number on every ticket, because people learn it. Where it is not possible now, it says why. */
function choiceOf(context: Context, walk: Walk, seen: Review, action: ReviewAction): Choice {
  const why = action.refusal(seen);
  if (why === null)
    return { words: action.words, does: () => perform(context, walk, seen, action) };
  return {
    words: `${action.words} (not possible now)`,
    does: () => (note(`${action.name}: ${why}`), 'here'),
  };
}

async function check(context: Context, seen: Review): Promise<Move> {
  const { run, lines } = await queueCheck(context, seen);
  for (const line of lines.filter(Boolean)) say(line, '    ');
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt);
  note('Ctrl-C stops waiting, not the run');
  try {
    const verdict = await verdictInLines(context, seen, { run: run.id, signal: stop.signal });
    for (const line of (verdict ?? ['The run goes on by itself.']).filter(Boolean))
      say(line, '    ');
  } finally {
    process.off('SIGINT', interrupt);
  }
  return 'again';
}

async function undoLast(context: Context, walk: Walk): Promise<Move> {
  const last = walk.done.at(-1);
  if (!last) {
    note('you have done nothing yet that could be undone');
    return 'here';
  }
  const { undo: back, message } = last.done;
  if ('cannot' in back) {
    note(`${message}: ${back.cannot}`);
    return 'here';
  }
  const undone = await undo(context, last).catch((error: unknown) => {
    // A change whose undo is refused can no longer be undone; the one before it can.
    if (refusalInWords(error) !== null) walk.done.pop();
    throw error;
  });
  say(`${undone.message}.`);
  walk.done = withoutLast(walk.done, undone);
  walk.at = walk.trail.indexOf(last.ticket);
  return { show: last.ticket };
}

async function filterBy(context: Context, walk: Walk): Promise<Move> {
  const read = (text: string) => (text === 'all' ? {} : filterFrom(text, context.actor.name));
  const text = await askFor(
    answerName,
    'Filter: words of the title or the description, severity:high, bot:NAME, with:NAME, overdue, or all',
    {
      defaultAnswer: 'all',
      check: (text) => void read(text),
    },
  );
  walk.filter = read(text);
  walk.trail = [];
  walk.at = -1;
  return 'next';
}
