/**
 * Runs a script in a network namespace of its own, in which every address is this machine's: a connection to any address, private,
 * public or a cloud's, arrives at the listeners of the script. Names are looked up at 127.0.0.1:53, where the script listens, too.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const isRoot = process.getuid?.() === 0;
const unshare = [...(isRoot ? [] : ['--user', '--map-root-user']), '--net', '--mount'];

/** $0: the directory with the files that take the place of those of the machine. */
const setUp = `
  ip link set lo up && ip route add local default dev lo && ip -6 route add local ::/0 dev lo &&
  for name in hosts resolv.conf nsswitch.conf; do mount --bind "$0/$name" "/etc/$name" || exit 1; done &&
  exec "$@"`;

const files = {
  hosts: '127.0.0.1 localhost\n',
  'resolv.conf': 'nameserver 127.0.0.1\noptions attempts:1 timeout:2\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

function withFiles<Result>(use: (directory: string) => Result): Result {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-namespace-'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(directory, name), content);
  const end = () => rmSync(directory, { recursive: true });
  const used = use(directory);
  if (used instanceof Promise) void used.then(end, end);
  else end();
  return used;
}

/** Why this machine makes no such namespace; null where it does. */
export const whyNoNamespace: string | null = withFiles((directory) => {
  const tried = spawnSync('unshare', [...unshare, 'sh', '-c', setUp, directory, 'true'], {
    encoding: 'utf8',
  });
  return tried.status === 0 ? null : tried.stderr || String(tried.error ?? tried.status);
});

/** Runs a TypeScript file with Node in the namespace, or without one, and returns the JSON that it prints. */
export function runScript(
  file: string,
  { env = {}, args = [], isolated }: { env?: object; args?: string[]; isolated: boolean },
): Promise<unknown> {
  return withFiles(async (directory) => {
    const node = [process.execPath, file, ...args];
    const [command, ...rest] = isolated
      ? ['unshare', ...unshare, 'sh', '-c', setUp, directory, ...node]
      : node;
    const child = spawn(command!, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, errors] = [text(child.stdout), text(child.stderr)];
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${file} ended with ${code}: ${await errors}`);
    return JSON.parse(await out) as unknown;
  });
}
