/**
 * Servers of PostgreSQL before the bundled version: those of Debian (`apt-get install postgresql-15`), and those whose directories of
 * programs OLDER_POSTGRES names, separated by colons.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

const run = promisify(execFile);
const debian = '/usr/lib/postgresql';
const bundled = 18;

export interface Programs {
  bin: string;
  major: number;
}

export const olderServers: Programs[] = [
  ...(existsSync(debian) ? readdirSync(debian).map((major) => join(debian, major, 'bin')) : []),
  ...(process.env.OLDER_POSTGRES ?? '').split(':').filter(Boolean),
]
  .filter((bin) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')))
  .map((bin) => ({ bin, major: majorOf(bin) }))
  .filter(({ major }) => major < bundled)
  .toSorted((a, b) => a.major - b.major);

function majorOf(bin: string): number {
  const said = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
  return Number(/(\d+)\./.exec(said)?.[1]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** PostgreSQL refuses to run as root: there it runs as the user `postgres` or `nobody`. */
function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody'])
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  throw new Error('there is no user postgres or nobody');
}

export interface OlderServer {
  url: string;
  /** runs a program of this version, as pg_dump */
  program(name: string, ...args: string[]): Promise<string>;
}

/** A new server, which ends with the test. */
export async function startOlder({ bin }: Programs): Promise<OlderServer> {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-older-'));
  const as = account();
  if (as) chownSync(directory, as.uid, as.gid);
  const program = async (name: string, ...args: string[]) => {
    const { stdout } = await run(join(bin, name), args, {
      ...as,
      cwd: directory,
      env: { PATH: process.env.PATH },
      maxBuffer: 64_000_000,
    });
    return stdout;
  };
  const data = join(directory, 'data');
  const port = await freePort();
  await program('initdb', '-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-locale');
  const options = `-p ${port} -k ${directory} -h 127.0.0.1 -c fsync=off`;
  await program('pg_ctl', '-D', data, '-l', join(directory, 'log'), '-o', options, '-w', 'start');
  onTestFinished(async () => {
    await program('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop').catch(() => {});
    rmSync(directory, { recursive: true, force: true });
  });
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, program };
}
