/**
 * Builds the file tree of the image by the steps of the Dockerfile, where there is no Docker: this machine's Debian under an overlay
 * takes the place of the image that the Dockerfile begins with, and Node is this process's. Then the entry point is started as
 * process 1 of a namespace, as the image's account, on a file system that cannot be written, with the two folders in memory that
 * compose.yaml gives it. All mounts belong to a namespace of their own and end with it.
 */
import { spawnSync } from 'node:child_process';
import { readDockerfile, type Step } from './dockerfile.ts';

/** Why this machine makes no such namespace; null where it does. */
export const whyNoImage: string | null = (() => {
  const tried = spawnSync(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      'sh',
      '-c',
      'd=$(mktemp -d) && mount -t tmpfs tmpfs $d && mkdir $d/u $d/w $d/m && mount -t overlay overlay -o lowerdir=/,upperdir=$d/u,workdir=$d/w $d/m && command -v apt-get',
    ],
    { encoding: 'utf8' },
  );
  return tried.status === 0 ? null : tried.stderr || String(tried.error ?? tried.status);
})();

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const functions = `
set -eu
work=$1
mount -t tmpfs tmpfs "$work"
begin() {
  mkdir -p "$work/$1/upper" "$work/$1/work" "$work/$1/root"
  root="$work/$1/root"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$work/$1/upper,workdir=$work/$1/work" "$root"
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  # This machine's own folders of these names are no part of the image.
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mkdir -p "$root/app"
  mount -t tmpfs tmpfs "$root/app"
  rm -f "$root/usr/local/bin/node"
  install -m 0755 "$NODE" "$root/usr/local/bin/node"
}
run() { chroot "$root" /bin/sh -c "cd $place && $1"; }
into() {
  case "$2" in /*) to="$root$2" ;; *) to="$root$place/$2" ;; esac
  if [ -d "$1" ]; then mkdir -p "$to" && cp -a "$1/." "$to/"; else mkdir -p "$(dirname "$to/x")" && cp -a "$1" "$to"; fi
}
place=/
`;

/** One step as lines of the script. */
function lineOf({ instruction, rest }: Step, context: string): string {
  switch (instruction) {
    case 'FROM':
      return `begin ${/ AS (\w+)$/.exec(rest)?.[1] ?? 'final'}; place=/`;
    case 'WORKDIR':
      return `place=${rest}; mkdir -p "$root$place"`;
    case 'RUN':
      return `run ${quote(rest)} >&2`;
    case 'COPY': {
      const words = rest.split(' ');
      const from = words[0]!.startsWith('--from=') ? words.shift()!.slice('--from='.length) : null;
      const to = words.pop()!;
      return words
        .map(
          (word) =>
            `into ${from ? `"$work/${from}/root${word}"` : quote(`${context}/${word}`)} ${to}`,
        )
        .join('\n');
    }
    default:
      return '';
  }
}

export interface ImageOptions {
  /** the text of the Dockerfile */
  dockerfile: string;
  /** the folder that is built */
  context: string;
  /** what takes the place of CMD */
  command: string[];
  /** beside the image's own environment */
  environment: Record<string, string>;
  /** lines of shell that run after the build, with $root as the tree */
  afterwards?: string;
}

/** The script, for \`unshare --mount bash -c SCRIPT - FOLDER\`, with NODE in its environment. */
export function imageScript({
  dockerfile,
  context,
  command,
  environment,
  afterwards = '',
}: ImageOptions): string {
  const steps = readDockerfile(dockerfile);
  const last = (wanted: string) =>
    steps.findLast(({ instruction }) => instruction === wanted)!.rest;
  const own = Object.fromEntries(
    steps
      .filter(({ instruction }) => instruction === 'ENV')
      .flatMap(({ rest }) =>
        rest.split(/\s+/).map((pair) => pair.split('=', 2) as [string, string]),
      ),
  );
  const variables = Object.entries({
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...own,
    ...environment,
  });
  const entry = [...(JSON.parse(last('ENTRYPOINT')) as string[]), ...command];
  const [user] = last('USER').split(':');
  return `${functions}
${steps.map((step) => lineOf(step, context)).join('\n')}
${afterwards}
mount -t tmpfs -o uid=${user},gid=${user},mode=0700 tmpfs "$root/var/lib/roundsman"
mount -o remount,ro "$root"
mount -o remount,ro "$root/app"
echo built >&2
exec unshare --pid --fork --kill-child=SIGKILL --mount-proc="$root/proc" chroot --userspec=${last('USER')} "$root" \\
  /usr/bin/env -i ${variables.map(([name, value]) => quote(`${name}=${value}`)).join(' ')} /bin/sh -c ${quote(`cd ${last('WORKDIR')} && exec "$@"`)} sh ${entry.map(quote).join(' ')}
`;
}
