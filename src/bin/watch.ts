import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { endedLine, liveBlock, roomFor } from '../cli/status/live.ts';
import { say } from '../cli/terminal/print.ts';
import { messageOf } from '../ground/errors.ts';
import type { Db } from '../database/connect.ts';
import { endedSince, readLive } from '../services/status/live.ts';
import { ofOneMoment, readFacts } from '../services/progress/facts.ts';
import { inOneLine, needs } from '../services/progress/needs.ts';
import { printable, span } from '../ground/text.ts';
import { within } from '../ground/within.ts';
import { isBehind } from './terminal.ts';

const everyMs = 1_000;
/** What needs a person is asked less often than the screen is drawn: it reads all that waits. */
const needsEveryMs = 5_000;
/** A reading that takes longer is no reading of now. */
const silentMs = 5_000;

export interface Watching {
  /** Prints until `stop`: a line for each run that ended, and on a terminal a block that is redrawn. */
  start(): Promise<void>;
  stop(): void;
}

/** Begins to listen now; with `skipFirst`, what ends before `start` is told by the first round. */
export async function watch(db: Db, { skipFirst }: { skipFirst: boolean }): Promise<Watching> {
  const stopped = new AbortController();
  // A dumb terminal shows the codes that move the cursor as they are.
  const drawable = process.stdout.isTTY && process.env.TERM !== 'dumb';
  const live = drawable ? createLogUpdate(process.stdout) : null;
  let { until } = await endedSince(db, null);
  let lost = false;
  let needed: { lines: string[]; at: number } | null = null;

  /** Rejects where it cannot be read: then the screen is not drawn, and says nothing that is not known. */
  async function needsNow(): Promise<string[]> {
    if (needed && performance.now() - needed.at < needsEveryMs) return needed.lines;
    needed = null;
    // Tickets are listed one by one below.
    const found = needs(await ofOneMoment(db, readFacts));
    const lines = found.filter(({ kind }) => kind !== 'tickets_urgent').map(inOneLine);
    needed = { lines, at: performance.now() };
    return lines;
  }

  async function tick(): Promise<void> {
    // A terminal that was paused: what ended meanwhile is told when it goes on.
    if (isBehind()) return;
    const { runs, until: next } = await endedSince(db, until);
    until = next;
    const lines = runs.map(endedLine);
    if (!live) return lines.forEach((line) => say(line));
    const { rows = 24, columns = 80 } = process.stdout;
    const urgent = await needsNow();
    const room = roomFor(rows, urgent.length);
    const block = liveBlock(await readLive(db, room.bots, room.tickets), urgent, columns);
    if (lines.length > 0) live.persist(lines.join('\n'));
    live(block);
  }

  /** What was drawn last was of another time: it must not go on saying that all is well. */
  function drawUnknown(why: string): void {
    if (!isBehind()) live?.(`\n${printable(why)}; what runs now is not known\n`);
  }

  async function draw(): Promise<void> {
    const began = performance.now();
    const drawing = tick();
    while (!stopped.signal.aborted && !(await within(silentMs, drawing)))
      drawUnknown(`the database has not answered for ${span(performance.now() - began)}`);
  }

  return {
    async start() {
      if (skipFirst) ({ until } = await endedSince(db, null));
      while (!stopped.signal.aborted) {
        try {
          await draw();
          lost = false;
        } catch (error) {
          // Said once for each outage; the engine goes on trying by itself.
          if (!lost) say(`the database does not answer: ${printable(messageOf(error))}`);
          lost = true;
          drawUnknown('the database does not answer');
        }
        await sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
      }
    },
    stop() {
      stopped.abort();
      live?.done();
    },
  };
}
