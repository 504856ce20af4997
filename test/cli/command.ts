/** The real command line on a test's database. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

export interface Ended {
  code: number | null;
  out: string;
  err: string;
  /** What `--json` printed; throws when it is not one JSON document. */
  json(): any;
}

export interface Running {
  ended: Promise<Ended>;
  stop(signal: NodeJS.Signals): void;
  /** Resolves when standard error says so. */
  said(text: string): Promise<void>;
}

/** Starts `roundsman ...args` without a terminal, on this database and no other setting. */
export function start(
  url: string | undefined,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Running {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, DATABASE_URL: url ?? '', REDIS_URL: '', ...env },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  const ended = new Promise<Ended>((resolve, reject) =>
    child
      .once('error', reject)
      .once('close', (code) => resolve({ code, out, err, json: () => JSON.parse(out) })),
  );
  return {
    ended,
    stop: (signal) => void child.kill(signal),
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => err.includes(text) && resolve();
        child.stderr.on('data', look);
        void ended.then(() => reject(new Error(`it ended without saying ${text}: ${err}`)));
        look();
      }),
  };
}

export const roundsman = (url: string | undefined, ...args: string[]): Promise<Ended> =>
  start(url, args).ended;
