/**
 * Starts processes of an image's tree as a container engine does: in namespaces of their own, as the image's account, without
 * capabilities, on a root that cannot be written.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { childrenOf } from '../support/installation.ts';
import { enterTree, type Image } from './image.ts';

const namespaces = ['--mount', '--pid', '--uts', '--ipc'];

/** As compose.yaml mounts them, and what a test adds. */
const mounts = `
  mount -t tmpfs tmpfs "$tree/root/tmp"
  mount -t tmpfs -o uid=10001,gid=10001,mode=0700 tmpfs "$tree/root/var/lib/roundsman"
  if [ -n "$CONTAINER_VOLUME" ]; then mount --bind -o ro "$CONTAINER_VOLUME" "$tree/root/mnt"; fi
  mount -o remount,bind,ro "$tree/root"
  for name in usr etc var; do mount -o remount,ro "$tree/root/$name"; done
  echo "$CONTAINER_NAME" > /proc/sys/kernel/hostname`;

/** Gives up all rights of root, as `cap_drop: [ALL]` and `no-new-privileges` do. */
function asAccount({ user, workdir }: Image, environment: NodeJS.ProcessEnv): string[] {
  const [uid, gid] = user.split(':');
  const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const rights = ['--clear-groups', '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all'];
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    ...rights,
    '--',
    'env',
    '-i',
    `--chdir=${workdir}`,
    ...settings,
  ];
}

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Container {
  /** of its first process, as this host counts it */
  pid: number;
  heard: { out: string; err: string };
  lines(): { msg: string; [key: string]: unknown }[];
  /** Resolves with the exit code; 128 and the number of a signal that ended it. */
  ended: Promise<number | null>;
  /** Sends a signal to its first process. */
  signal(name: NodeJS.Signals): void;
  /** Runs a command in it, as `docker exec` does. */
  exec(command: string[], environment?: NodeJS.ProcessEnv): Promise<Ended>;
  /** all processes in it, as this host counts them, with their state */
  processes(): { pid: number; state: string; command: string }[];
}

interface Options {
  args?: string[];
  environment?: NodeJS.ProcessEnv;
  /** in place of the image's own */
  entrypoint?: string[];
  /** a directory of this host, at /mnt in the container */
  volume?: string;
}

let count = 0;

/** Starts the image with these arguments, or with its own. It is killed when the test ends. */
export async function startContainer(
  image: Image,
  { args = image.cmd, environment = {}, entrypoint = image.entrypoint, volume = '' }: Options = {},
): Promise<Container> {
  const all = { ...image.environment, ...environment };
  count += 1;
  const script = `${enterTree}${mounts}
    exec chroot "$tree/root" "$@"`;
  const child = spawn(
    'unshare',
    [
      ...namespaces,
      '--fork',
      '--kill-child=SIGKILL',
      'sh',
      '-c',
      script,
      'sh',
      image.tree,
      image.workdir,
      ...asAccount(image, all),
      ...entrypoint,
      ...args,
    ],
    {
      env: {
        PATH: image.environment.PATH,
        CONTAINER_NAME: `container-${process.pid}-${count}`,
        CONTAINER_VOLUME: volume,
      },
    },
  );
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  const pid = await firstProcess(child.pid!, heard);
  onTestFinished(async () => {
    // With its first process all of a container ends. unshare cannot see to it: the kernel forgets that wish when the account changes.
    if (child.exitCode === null) process.kill(pid, 'SIGKILL');
    await ended;
  });
  return {
    pid,
    heard,
    ended,
    lines: () =>
      heard.out
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line)),
    signal: (name) => void process.kill(pid, name),
    exec: (command, more = {}) => execIn(pid, asAccount(image, { ...all, ...more }), command),
    processes: () => processesLike(pid),
  };
}

/** The process that unshare has forked, once it is no shell of ours any more. */
async function firstProcess(unshare: number, heard: { err: string }): Promise<number> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline;) {
    const [pid] = childrenOf(unshare);
    if (pid !== undefined && !/^(sh|unshare|chroot|setpriv|env)$/.test(nameOf(pid))) return pid;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`the container did not start: ${heard.err}`);
}

const nameOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'sh';
  }
};

async function execIn(pid: number, account: string[], command: string[]): Promise<Ended> {
  const child = spawn('nsenter', [
    `--target=${pid}`,
    ...namespaces,
    '--root',
    '--',
    ...account,
    ...command,
  ]);
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text));
  await once(child, 'close');
  return { code: child.exitCode, ...heard };
}

function processesLike(first: number): ReturnType<Container['processes']> {
  const space = (pid: number | string) => readlinkSync(`/proc/${pid}/ns/pid`);
  const own = space(first);
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (space(name) !== own) return [];
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const end = stat.lastIndexOf(')');
      return [
        {
          pid: Number(name),
          state: stat[end + 2]!,
          command: stat.slice(stat.indexOf('(') + 1, end),
        },
      ];
    } catch {
      // It ended in between.
      return [];
    }
  });
}
