/**
 * A full screen as a person sees it: the real command line in a pseudo-terminal (`script`), whose bytes @xterm/headless
 * interprets.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { onTestFinished, vi } from 'vitest';
import { commandOf } from './terminal.ts';

// A CommonJS module, whose types say otherwise.
export const { Terminal } = createRequire(import.meta.url)(
  '@xterm/headless',
) as typeof import('@xterm/headless');

/** What a person needs to press another key, also where this process and the screen's are held up. */
const personMs = 200;

interface Options {
  columns?: number;
  rows?: number;
  env?: NodeJS.ProcessEnv;
  /** what is started in place of the command: a shell that suspends and continues jobs */
  shell?: true;
}

export interface Screen {
  /** what the screen shows now, a row a line */
  text(): string;
  row(at: number): string;
  /** all bytes that came since the last call */
  bytes(): string;
  /** Sends keys as a person presses them, with time between two calls; what is one text comes at once. */
  press(keys: string): void;
  /** Sends bytes now. */
  send(bytes: string): void;
  /** Resolves when the screen shows this. */
  shows(text: string | RegExp): Promise<void>;
  hides(text: string): Promise<void>;
  resize(columns: number, rows: number): void;
  signal(signal: NodeJS.Signals): void;
  /** Closes the terminal. */
  close(): void;
  /** the exit code */
  ended: Promise<number | null>;
  /** whether the terminal is as programs find it: its first screen, line by line, with echo, wrapping, pastes unmarked */
  isRestored(): boolean;
  terminal: InstanceType<typeof Terminal>;
  /** of the command, or the shell */
  pid: number;
}

/** Starts `roundsman ...args` on a screen of this size. */
export async function openScreen(
  url: string,
  args: string[],
  { columns = 80, rows = 24, env = {}, shell }: Options = {},
): Promise<Screen> {
  const what = shell ? 'exec bash --norc --noprofile --noediting -i' : `exec ${commandOf(args)}`;
  const command = `stty cols ${columns} rows ${rows}; echo "tty=$(tty) pid=$$;"; ${what}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      REDIS_URL: '',
      TERM: 'xterm',
      PS1: 'ready> ',
      ...env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true });
  let all = '';
  let told = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    all += text;
    terminal.write(text);
  });
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const row = (at: number) =>
    terminal.buffer.active
      .getLine(terminal.buffer.active.viewportY + at)
      ?.translateToString(true) ?? '';
  const text = () => Array.from({ length: terminal.rows }, (_, at) => row(at)).join('\n');
  const wait = (isSo: () => boolean, what: string) =>
    vi.waitFor(
      () => {
        if (!isSo()) throw new Error(`the screen does not show ${what}:\n${text()}`);
      },
      { timeout: 40_000, interval: 20 },
    );
  const has = (wanted: string | RegExp) =>
    typeof wanted === 'string' ? text().includes(wanted) : wanted.test(text());
  await vi.waitFor(() => /tty=(\S+) pid=(\d+);/.exec(all) ?? Promise.reject(new Error(all)), {
    timeout: 20_000,
  });
  const [, tty, pid] = /tty=(\S+) pid=(\d+);/.exec(all)!;
  const stty = () => spawnSync('stty', ['-F', tty!, '-a']).stdout.toString();
  // A key may be pressed in the moment in which the command ends.
  child.stdin.on('error', () => {});
  let pressedAt = -Infinity;
  return {
    text,
    row,
    terminal,
    pid: Number(pid),
    ended,
    bytes() {
      const since = all.slice(told);
      told = all.length;
      return since;
    },
    press(keys) {
      const now = performance.now();
      pressedAt = Math.max(now, pressedAt + personMs);
      if (pressedAt === now) child.stdin.write(keys);
      else setTimeout(() => child.stdin.write(keys), pressedAt - now);
    },
    send: (bytes) => void child.stdin.write(bytes),
    shows: (wanted) => wait(() => has(wanted), String(wanted)),
    hides: (wanted) => wait(() => !has(wanted), `no ${wanted}`),
    resize(columns, rows) {
      terminal.resize(columns, rows);
      spawnSync('stty', ['-F', tty!, 'cols', String(columns), 'rows', String(rows)]);
    },
    signal: (signal) => void process.kill(Number(pid), signal),
    close: () => void child.kill('SIGKILL'),
    isRestored() {
      const { modes, buffer } = terminal;
      const screen =
        buffer.active.type === 'normal' &&
        !modes.bracketedPasteMode &&
        modes.wraparoundMode &&
        all.lastIndexOf('\u001B[?25h') >= all.lastIndexOf('\u001B[?25l');
      const mode = stty();
      // Once its last program has ended, a terminal tells no mode.
      return screen && (mode === '' || (/ icanon\b/.test(mode) && / echo\b/.test(mode)));
    },
  };
}
