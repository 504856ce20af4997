/** `status --watch`: the status on the whole terminal, read again and again. */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, messageOf, UsageError } from '../../ground/errors.ts';
import { span } from '../../ground/text.ts';
import { settlesWithin } from '../../ground/settles-within.ts';
import { showStatus as read, type Status } from '../../services/status/show.ts';
import { withDatabase } from '../session/database.ts';
import { inputsTo } from '../screen/inputs.ts';
import { linesOn } from '../screen/lines.ts';
import { takeTerminal } from '../screen/raw-terminal.ts';
import { put } from '../terminal/print.ts';
import { statusBlock, unknownBlock, type Room } from './block.ts';

const readIntervalMs = 2_000;
/** A reading that takes longer than this is too old to show. */
const maxReadMs = 5_000;

/** Throws {@link UsageError} where the terminal cannot be redrawn, or no key can be read. */
function requireTerminal(): void {
  const why = !process.stdout.isTTY
    ? 'its output does not go to a terminal'
    : !process.stdin.isTTY
      ? 'its input does not come from a terminal, so that no key could end it'
      : process.env.TERM === 'dumb'
        ? 'this terminal (TERM=dumb) cannot draw over what it shows'
        : null;
  if (why === null) return;
  throw new UsageError({
    what: '--watch cannot be used here',
    why,
    hint: '`npx roundsman status` shows it once, and `npx roundsman status --json` for a program, which can ask again and again',
  });
}

type Block = (room: Room) => string[];

export async function watchStatus(): Promise<void> {
  requireTerminal();
  await withDatabase(async ({ db }) => {
    const stop = new AbortController();
    let last: Block = () => [];
    const stopWith = (exitCode: number) => {
      process.exitCode = exitCode;
      stop.abort();
    };
    const keys = inputsTo(({ kind, text }) => {
      if (kind !== 'key') return;
      if (text === 'q' || text === 'interrupt') stop.abort();
      if (text === 'suspend') terminal.suspend();
    });
    const terminal = takeTerminal({
      input: keys.push,
      lost() {
        screen.forget();
        draw(last);
      },
      ready: () => draw(last),
      ended: (signal) => stopWith(128 + constants.signals[signal]),
      closed: () => stopWith(exitCodes.interrupted),
    });
    const screen = linesOn(terminal);
    const draw = (block: Block) => {
      last = block;
      screen.draw(block(terminal.size()));
    };
    try {
      await drawUntil(stop.signal, () => read(db), draw);
    } finally {
      keys.stop();
      terminal.leave();
    }
    // What was shown last stays in the history of the terminal.
    put(last(terminal.size()).slice(0, -1).join('\n'));
  });
  // A connection to a server that does not answer would keep this process alive.
  setTimeout(() => process.exit(), 500).unref();
}

/** Reads and draws until the signal aborts. While the database cannot be read, it shows only that. */
async function drawUntil(
  stop: AbortSignal,
  read: () => Promise<Status>,
  draw: (block: Block) => void,
): Promise<void> {
  const stopped = new Promise<void>((resolve) =>
    stop.addEventListener('abort', () => resolve(), { once: true }),
  );
  let unreadSince: number | null = null;
  while (!stop.aborted) {
    const began = performance.now();
    const reading = read().then(
      (status) => ({ status }),
      (error: unknown) => ({ error }),
    );
    const either = Promise.race([reading, stopped]);
    while (!(await settlesWithin(maxReadMs, either)))
      draw(unknownSince('the database has not answered', unreadSince ?? began));
    if (stop.aborted) return;
    const answer = await reading;
    if ('status' in answer) {
      unreadSince = null;
      draw((room) => statusBlock(answer.status, room));
    } else {
      unreadSince ??= began;
      draw(unknownSince(`the database cannot be read (${messageOf(answer.error)})`, unreadSince));
    }
    await Promise.race([
      sleep(readIntervalMs, undefined, { signal: stop }).catch(() => {}),
      stopped,
    ]);
  }
}

const unknownSince = (what: string, since: number): Block => {
  const words = `${what} for ${span(performance.now() - since)}`;
  return (room) => unknownBlock(words, room);
};
