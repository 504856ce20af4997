import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { needsInRoom } from '../cli/status/in-room.ts';
import { endedLine, endedLines, liveBlock, roomFor, roomForNeeds } from '../cli/status/live.ts';
import { say } from '../cli/terminal/print.ts';
import { messageOf } from '../ground/errors.ts';
import type { Db } from '../database/connect.ts';
import { endedSince, readLive } from '../services/status/live.ts';
import { ofOneMoment, readFacts } from '../services/progress/facts.ts';
import { inOneLine, needs } from '../services/progress/needs.ts';
import { printable, span } from '../ground/text.ts';
import { settlesWithin } from '../ground/settles-within.ts';
import { hasUnsentOutput } from './terminal.ts';

const drawEveryMs = 1_000;
/** How often the needs are read. It is less often than the screen is drawn, because it reads everything that waits. */
const needsEveryMs = 5_000;
/** When a read takes longer than this, the screen says that the database does not answer. */
const maxReadMs = 5_000;

export interface StartedWatch {
  /** Prints until `stop`: a line for each run that ended and, on a terminal, a block that is redrawn. */
  start(): Promise<void>;
  stop(): void;
}

/** Begins to watch now. With `skipFirst`, runs that end before `start` are left out: the first round prints them. */
export async function watch(db: Db, { skipFirst }: { skipFirst: boolean }): Promise<StartedWatch> {
  const stopped = new AbortController();
  // A terminal of type "dumb" would show the cursor codes as text.
  const drawable = process.stdout.isTTY && process.env.TERM !== 'dumb';
  const live = drawable ? createLogUpdate(process.stdout) : null;
  let { until } = await endedSince(db, null);
  let lost = false;
  let needed: { texts: string[]; at: number } | null = null;

  /**
   * The needs, in one text each. Rejects when the database cannot be read; then the block is not drawn, because it would
   * claim what is not known.
   */
  async function needsNow(): Promise<string[]> {
    if (needed && performance.now() - needed.at < needsEveryMs) return needed.texts;
    needed = null;
    // The block lists tickets one by one below.
    const found = needs(await ofOneMoment(db, readFacts));
    const texts = found.filter(({ kind }) => kind !== 'tickets_urgent').map(inOneLine);
    needed = { texts, at: performance.now() };
    return texts;
  }

  async function tick(): Promise<void> {
    // The terminal is paused: runs that end meanwhile are printed when it goes on.
    if (hasUnsentOutput()) return;
    const { runs, until: next } = await endedSince(db, until);
    until = next;
    if (!live) return runs.forEach((run) => say(endedLine(run)));
    const { rows = 24, columns = 80 } = process.stdout;
    const lines = runs.flatMap((run) => endedLines(run, columns));
    const urgent = needsInRoom(await needsNow(), { ...roomForNeeds(rows), columns });
    const room = roomFor(rows, urgent.length);
    const block = liveBlock(await readLive(db, room.bots, room.tickets), urgent, columns);
    if (lines.length > 0) live.persist(lines.join('\n'));
    live(block);
  }

  /** Replaces the last block, which shows an earlier state and must not stay on the screen as if all were well. */
  function drawUnknown(why: string): void {
    if (!hasUnsentOutput()) live?.(`\n${printable(why)}; what runs now is not known\n`);
  }

  async function draw(): Promise<void> {
    const began = performance.now();
    const drawing = tick();
    while (!stopped.signal.aborted && !(await settlesWithin(maxReadMs, drawing)))
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
          // Printed once for each outage; the engine itself keeps trying.
          if (!lost) say(`the database does not answer: ${printable(messageOf(error))}`);
          lost = true;
          drawUnknown('the database does not answer');
        }
        await sleep(drawEveryMs, undefined, { signal: stopped.signal }).catch(() => {});
      }
    },
    stop() {
      stopped.abort();
      live?.done();
    },
  };
}
