/**
 * Builds the file tree that a Dockerfile describes, by its own steps, without a Docker engine. In place of the image that it begins
 * with, the tree has this host's Debian (/usr, /etc and /var, under a layer that keeps what steps change) with the Node of the tests.
 */
import { execFile, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { readDockerfile, type Step } from './dockerfile.ts';

/** The directories of this host that the tree has. */
const layered = ['usr', 'etc', 'var'] as const;
const ownDirectories = 'dev proc sys tmp root run home srv mnt opt'.split(' ');
const merged = ['bin', 'sbin', 'lib', 'lib64'];

/** What an image says of the containers that are made of it, and where its files are. */
export interface Image {
  /** holds `root`, and below `changes` what steps have changed of the directories of the host */
  tree: string;
  workdir: string;
  user: string;
  environment: Record<string, string>;
  entrypoint: string[];
  cmd: string[];
  healthcheck: string[];
  stopSignal: NodeJS.Signals;
}

/** Mounts the tree at `$1/root` and continues in it: $2 is the directory to begin in. It needs a mount namespace of its own. */
export const enterTree = `
  set -e
  tree=$1; at=$2; shift 2
  mount --bind "$tree/root" "$tree/root"
  for name in ${layered.join(' ')}; do
    mount -t overlay overlay -o "lowerdir=/$name,upperdir=$tree/changes/$name,workdir=$tree/work/$name" "$tree/root/$name"
  done
  mount -t proc proc "$tree/root/proc"
  mount --rbind /dev "$tree/root/dev"`;

/** Why this machine makes no such tree; null where it does. */
export function whyNoTree(): string | null {
  if (process.getuid?.() !== 0) return 'mounts and accounts of a container need root';
  if (!fs.existsSync('/usr/bin/apt-get')) return 'this host is no Debian';
  const place = newTree('probe');
  try {
    const tried = spawnSync(
      'unshare',
      [
        '--mount',
        '--pid',
        '--fork',
        '--uts',
        'sh',
        '-c',
        `${enterTree}\nchroot "$tree/root" true`,
        'sh',
        place,
        '/',
      ],
      { encoding: 'utf8' },
    );
    return tried.status === 0 ? null : tried.stderr || String(tried.error ?? tried.status);
  } finally {
    removeTree(place);
  }
}

function newTree(name: string): string {
  // Layers of a file system in memory may lie over directories of any other one.
  const tree = fs.mkdtempSync(join('/dev/shm', `roundsman-image-${name}-`));
  fs.chmodSync(tree, 0o755);
  for (const each of layered)
    for (const part of ['changes', 'work', 'root'])
      fs.mkdirSync(join(tree, part, each), { recursive: true });
  const root = join(tree, 'root');
  for (const each of ownDirectories) fs.mkdirSync(join(root, each));
  fs.chmodSync(join(root, 'tmp'), 0o1777);
  for (const each of merged) fs.symlinkSync(`usr/${each}`, join(root, each));
  return tree;
}

export const removeTree = (tree: string): void =>
  fs.rmSync(tree, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

interface Stage extends Image {
  name: string | null;
}

/** Builds the last stage. Throws with the output of a step that fails. `remove` removes all trees. */
export async function buildImage(context: string): Promise<{ image: Image; remove(): void }> {
  const steps = readDockerfile(fs.readFileSync(join(context, 'Dockerfile'), 'utf8'));
  const stages: Stage[] = [];
  const remove = () => stages.forEach(({ tree }) => removeTree(tree));
  try {
    for (const step of steps) {
      if (step.instruction === 'FROM') stages.push(await beginStage(step.rest));
      else await carryOut(step, stages, context);
    }
    return { image: stages.at(-1)!, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function beginStage(from: string): Promise<Stage> {
  const [image, name = null] = from.split(/ AS /i);
  if (!/^node:24-\w+-slim$/.test(image!)) throw new Error(`no tree takes the place of ${image}`);
  const stage: Stage = {
    name,
    tree: newTree(name ?? 'last'),
    workdir: '/',
    user: '0:0',
    environment: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
    entrypoint: [],
    cmd: ['node'],
    healthcheck: [],
    stopSignal: 'SIGTERM',
  };
  const own = join(stage.tree, 'changes/usr/local/bin');
  fs.mkdirSync(own, { recursive: true });
  fs.copyFileSync(process.execPath, join(own, 'node'));
  return stage;
}

/** Where a path of an image is in the tree; a step that copies into a directory of the host would need the layer. */
function inRoot({ tree, workdir }: Stage, path: string): string {
  const whole = resolve(workdir, path);
  if (layered.some((name) => whole.startsWith(`/${name}/`)))
    throw new Error(`${path} lies under a layer`);
  return join(tree, 'root', whole);
}

async function carryOut({ instruction, rest }: Step, stages: Stage[], context: string) {
  const stage = stages.at(-1)!;
  const list = (text: string) => JSON.parse(text) as string[];
  switch (instruction) {
    case 'WORKDIR':
      stage.workdir = resolve(stage.workdir, rest);
      return void fs.mkdirSync(inRoot(stage, '.'), { recursive: true });
    case 'COPY':
      return copy(stage, stages, rest.split(' '), context);
    case 'RUN':
      return runStep(stage, rest);
    case 'ENV':
      for (const [, name, value] of rest.matchAll(/(\w+)=(\S+)/g))
        stage.environment[name!] = value!;
      return;
    case 'USER':
      return void (stage.user = rest);
    case 'ENTRYPOINT':
      return void (stage.entrypoint = list(rest));
    case 'CMD':
      return void (stage.cmd = list(rest));
    case 'HEALTHCHECK':
      return void (stage.healthcheck = list(/CMD (\[.*\])$/.exec(rest)![1]!));
    case 'STOPSIGNAL':
      return void (stage.stopSignal = rest as NodeJS.Signals);
    case 'EXPOSE':
      return;
    default:
      throw new Error(`${instruction} is a step that this does not know`);
  }
}

function copy(stage: Stage, stages: Stage[], words: string[], context: string): void {
  const from = /^--from=(.+)$/.exec(words[0]!)?.[1];
  const paths = from === undefined ? words : words.slice(1);
  const to = paths.at(-1)!;
  const source = stages.find(({ name }) => name === from);
  if (from !== undefined && !source) throw new Error(`there is no stage ${from}`);
  const isSent = sentBy(context);
  for (const path of paths.slice(0, -1)) {
    const whole = source ? inRoot(source, path) : join(context, path);
    const target = to.endsWith('/') ? join(inRoot(stage, to), basename(path)) : inRoot(stage, to);
    fs.mkdirSync(dirname(target), { recursive: true });
    fs.cpSync(whole, target, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (each) => source !== undefined || isSent(each.slice(context.length)),
    });
  }
}

/** Which paths the client sends to the engine, by .dockerignore. */
function sentBy(context: string): (path: string) => boolean {
  const rules = fs
    .readFileSync(join(context, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const sent = new Set(rules.filter((line) => line.startsWith('!')).map((line) => line.slice(1)));
  const others = rules.filter((line) => !line.startsWith('!'));
  if (others.join() !== '*,**/.*') throw new Error(`these rules are new: ${others.join()}`);
  return (path) => {
    const parts = path.split('/').filter((part) => part !== '');
    return sent.has(parts[0]!) && !parts.some((part) => part.startsWith('.'));
  };
}

/** Carries a step out as root in the tree, with the network, npm's settings and npm's cache of who runs the tests. */
async function runStep({ tree, workdir, environment }: Stage, command: string): Promise<void> {
  const home = process.env.HOME ?? '/root';
  const layer = join(tree, 'work/home');
  for (const part of ['changes', 'work']) fs.mkdirSync(join(layer, part), { recursive: true });
  const script = `${enterTree}
    mount -t overlay overlay -o "lowerdir=${home},upperdir=${layer}/changes,workdir=${layer}/work" "$tree/root/root"
    exec chroot "$tree/root" env --chdir="$at" sh -c "$1"`;
  const given = Object.entries(process.env).filter(([name]) =>
    /^npm_config_|_proxy$|^NODE_EXTRA_CA_CERTS$|^SSL_CERT_/i.test(name),
  );
  await promisify(execFile)(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child=SIGKILL',
      'sh',
      '-c',
      script,
      'sh',
      tree,
      workdir,
      command,
    ],
    {
      env: {
        ...Object.fromEntries(given),
        ...environment,
        HOME: '/root',
        DEBIAN_FRONTEND: 'noninteractive',
      },
      maxBuffer: 64 * 1024 * 1024,
    },
  ).catch((error: Error & { stdout?: string; stderr?: string }) => {
    throw new Error(`RUN ${command}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  });
}
