/** The real command line on a test's database. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import type { CommandLine, Served } from './serve-commands.ts';

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

const ended = (served: Omit<Ended, 'json'>): Ended => ({
  ...served,
  json: () => JSON.parse(served.out),
});

const environment = (url: string | undefined) => ({
  PATH: process.env.PATH!,
  DATABASE_URL: url ?? '',
  REDIS_URL: '',
  TZ: 'UTC',
});

/** Starts `roundsman ...args` in a process of its own, without a terminal, on this database and no other setting. */
export function start(
  url: string | undefined,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Running {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...environment(url), ...env },
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  const end = new Promise<Ended>((resolve, reject) =>
    child.once('error', reject).once('close', (code) => resolve(ended({ code, out, err }))),
  );
  return {
    ended: end,
    stop: (signal) => void child.kill(signal),
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => err.includes(text) && resolve();
        child.stderr.on('data', look);
        void end.then(() => reject(new Error(`it ended without saying ${text}: ${err}`)));
        look();
      }),
  };
}

/** They put processes together, hand their terminal on, or end their process themselves. */
const needAProcess = new Set([
  'up',
  'round',
  'demo',
  'worker',
  'scheduler',
  'doctor',
  'completion',
]);
const idle: ChildProcess[] = [];
const servers = new Set<ChildProcess>();

async function aServer(): Promise<ChildProcess> {
  const waiting = idle.pop();
  if (waiting?.connected) return waiting;
  const server = fork(new URL('./serve-commands.ts', import.meta.url), {
    execPath: process.execPath,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: environment(''),
  });
  servers.add(server);
  await once(server, 'message');
  return server;
}

/** Runs one command in a process that serves no other meanwhile; commands at the same time have one each. */
async function serve(line: CommandLine): Promise<Ended> {
  const server = await aServer();
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const onExit = (code: number | null) => reject(new Error(`ended with ${code}: ${line.args}`));
  server.once('exit', onExit);
  server.once('message', (served: Served | { error: string }) => {
    server.off('exit', onExit);
    if ('error' in served) return reject(new Error(served.error));
    idle.push(server);
    resolve(ended(served));
  });
  server.send(line);
  return promise;
}

afterAll(() => {
  for (const server of servers) server.kill('SIGKILL');
});

/** Runs `roundsman ...args` without a terminal, on this database and no other setting, until it ends. */
export const roundsman = (url: string | undefined, ...args: string[]): Promise<Ended> =>
  url === undefined || needAProcess.has(args[0] ?? '')
    ? start(url, args).ended
    : serve({ args, env: environment(url) });

/** Runs a command that needs no process of its own for a reader in this time zone. */
export const roundsmanIn = (TZ: string, url: string, ...args: string[]): Promise<Ended> =>
  serve({ args, env: { ...environment(url), TZ } });
