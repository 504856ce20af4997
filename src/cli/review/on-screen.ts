/** A review on the whole screen: reads keys, makes steps, does what they ask for, and draws. */
import { constants } from 'node:os';
import type { Grid } from '../screen/grid.ts';
import { inputsTo } from '../screen/inputs.ts';
import { paint } from '../screen/paint.ts';
import { takeTerminal } from '../screen/raw-terminal.ts';
import type { ReviewFilter } from '../../services/tickets/review.ts';
import type { Context } from './actions/action.ts';
import { keepTexts } from './keep-texts.ts';
import { layout } from './layout.ts';
import { apartMs } from './pace.ts';
import { performer } from './perform.ts';
import { begin, quietMs, type Event, type Intent } from './state.ts';
import { update } from './update.ts';

/** How often it looks whether another person has changed the ticket. */
const lookMs = 1_000;

export interface ReviewEnd {
  exitCode: number;
  /** how many changes were made, and not undone */
  changes: number;
  /** the change that was under way, of which it is not known whether it was made */
  unknown: string | null;
}

/** Runs the review until the person quits. Throws TerminalClosedError, and a defect, after the terminal was given back. */
export async function onScreen(context: Context, filter: ReviewFilter): Promise<ReviewEnd> {
  const end = Promise.withResolvers<number>();
  const colour = process.stdout.hasColors();
  let state = begin(context.actor.name, filter);
  let drawn: Grid | null = null;
  const current = () => state;

  let pause: NodeJS.Timeout | undefined;
  const keys = inputsTo((input) => {
    give({ type: 'input', input });
    clearTimeout(pause);
    pause = setTimeout(() => give({ type: 'paused' }), apartMs);
  });
  const terminal = takeTerminal({
    input: keys.push,
    lost() {
      drawn = null;
      draw();
    },
    ready: draw,
    ended: (signal) => end.resolve(128 + constants.signals[signal]),
    closed: (error) => end.reject(error),
  });
  const work = performer(context, give);

  function give(event: Event): void {
    const { state: next, intents } = update(state, event, performance.now());
    state = next;
    for (const intent of intents) act(intent);
    draw();
  }

  function act(intent: Intent): void {
    switch (intent.do) {
      case 'quit':
        return end.resolve(0);
      case 'suspend':
        return terminal.suspend();
      case 'draw again':
        drawn = null;
        return;
      default:
        void work.perform(intent, current).catch(end.reject);
    }
  }

  function draw(): void {
    // While the terminal takes no output, nothing is drawn; once it takes output again, `ready` draws the state of that moment.
    if (terminal.hasUnsentOutput()) return;
    const { grid, view } = layout(state, terminal.size());
    const isBack = state.view.isTooSmall && !view.isTooSmall;
    state = { ...state, view, ...(isBack && { quietUntil: performance.now() + quietMs }) };
    terminal.write(paint(drawn, grid, { colour }));
    drawn = grid;
  }

  const lookTimer = setInterval(() => void work.look(current).catch(end.reject), lookMs);
  try {
    draw();
    act({ do: 'next' });
    const exitCode = await end.promise;
    const { mode, done, held } = state;
    const unknown = mode.kind === 'busy' && mode.isChange && !held ? mode.what : null;
    return { exitCode, changes: done.length, unknown };
  } finally {
    clearInterval(lookTimer);
    clearTimeout(pause);
    keys.stop();
    work.stop();
    terminal.leave();
    keepTexts(state);
  }
}
