/**
 * What a person at `tickets review` waits for: from a key to the bytes that show what it did. The same steps as on a screen, with
 * the wait that tells one key from several; without the terminal itself.
 */
import type { Kysely } from 'kysely';
import type { ReviewAction } from '../../src/cli/review/actions/action.ts';
import { actions } from '../../src/cli/review/actions/actions.ts';
import { layout } from '../../src/cli/review/layout.ts';
import { apartMs } from '../../src/cli/review/pace.ts';
import { performer, type LoopIntent } from '../../src/cli/review/perform.ts';
import { begin, quietMs, type Event, type Intent, type State } from '../../src/cli/review/state.ts';
import { update } from '../../src/cli/review/update.ts';
import { burstMs } from '../../src/cli/screen/join-bursts.ts';
import type { Grid } from '../../src/cli/screen/grid.ts';
import { paint } from '../../src/cli/screen/paint.ts';
import { loadCatalogue } from '../../src/cli/session/catalogue.ts';
import type { Database } from '../../src/database/connect.ts';

export interface Steps {
  /** ms of each step, and the bytes that it wrote */
  times: number[];
  bytes: number[];
  /** keys pressed for a ticket with a suggestion, and for one without, beside its prose */
  keys: { suggested: number; resolved: number };
}

const size = { columns: 80, rows: 24 };

/** Works so many tickets: approves what can be approved, and resolves each other one. */
export async function stepsOfReview(db: Kysely<Database>, tickets: number): Promise<Steps> {
  const context = {
    db,
    actor: { name: 'ann', role: 'operator' as const },
    catalogue: loadCatalogue,
  };
  let state: State = begin('ann', {});
  let drawn: Grid | null = null;
  let written = 0;
  let clock = 0;
  const waiting: Promise<void>[] = [];
  const work = performer(context, give);

  function give(event: Event): void {
    const step = update(state, event, clock);
    state = step.state;
    for (const intent of step.intents) act(intent);
    const { grid, view } = layout(state, size);
    state = { ...state, view };
    written += Buffer.byteLength(paint(drawn, grid, { colour: true }));
    drawn = grid;
  }

  function act(intent: Intent): void {
    const own: Intent['do'][] = ['quit', 'suspend', 'draw again'];
    if (own.includes(intent.do)) throw new Error(`no step asks for it: ${intent.do}`);
    waiting.push(work.perform(intent as Exclude<Intent, LoopIntent>, () => state));
  }

  async function press(text: string): Promise<{ ms: number; bytes: number }> {
    // A person has read what is there.
    clock += quietMs + 1;
    written = 0;
    const began = performance.now();
    give({ type: 'input', input: { kind: 'key', text } });
    while (waiting.length > 0) await waiting.pop();
    const ms = performance.now() - began + burstMs;
    if (!state.held) return { ms, bytes: written };
    // What changes something is on the screen by now, and is done after a pause. That is the person's own: it is not counted.
    clock += apartMs;
    const paused = performance.now();
    give({ type: 'paused' });
    while (waiting.length > 0) await waiting.pop();
    return { ms: Math.max(ms, performance.now() - paused), bytes: written };
  }

  act({ do: 'next' });
  while (waiting.length > 0) await waiting.pop();
  const done: Steps = { times: [], bytes: [], keys: { suggested: 0, resolved: 0 } };
  const canApprove = actions.find(({ name }) => name === 'approve') as ReviewAction;
  for (let at = 0; at < tickets && state.seen; at += 1) {
    const isSuggested = canApprove.refusal(state.seen) === null;
    const before = state.seen.ticket.id;
    const keys = isSuggested ? ['a'] : ['r', 'n', ...'made room', 'enter'];
    for (const key of keys) {
      const { ms, bytes } = await press(key);
      done.times.push(ms);
      done.bytes.push(bytes);
    }
    if (state.seen?.ticket.id === before)
      throw new Error(`it did not go on: ${state.message?.text ?? ''}`);
    const prose = 'made room'.length;
    if (isSuggested) done.keys.suggested = keys.length;
    else done.keys.resolved = keys.length - prose;
  }
  work.stop();
  return done;
}
