/** What the right of a file's group means: who is in the group, and whether an access list hides behind it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface User {
  name: string;
  uid: number;
  gid: number;
  shell: string;
}

const linesOf = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));

const users = (): User[] =>
  linesOf('/etc/passwd').map(([name = '', , uid, gid, , , shell = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    shell,
  }));

/** Accounts that some distributions put into the group of root: each only runs the program that it is named after. */
const runsNothing = /\/(sync|shutdown|halt|nologin|false)$/;

/**
 * Can only such users have the rights of this group? True of the group of root and of one that bears the name of
 * such a user (many systems give each user one), when no other user is in it. False where /etc/passwd and
 * /etc/group do not say so, as for a group of a directory service.
 */
export function hasOnlyMembers(gid: number, isMember: (uid: number) => boolean): boolean {
  try {
    const known = users();
    const isNamed = (name: string) =>
      isMember(known.find((user) => user.name === name)?.uid ?? NaN);
    const groups = linesOf('/etc/group').filter(([, , id]) => Number(id) === gid);
    const names = groups.flatMap(([name = '', , , members = '']) => [
      ...(gid === 0 ? [] : [name]),
      ...members.split(',').filter((each) => each !== ''),
    ]);
    const living = known.filter((user) => user.gid === gid);
    const others = living.filter(({ shell }) => gid !== 0 || !runsNothing.test(shell));
    return groups.length > 0 && names.every(isNamed) && others.every(({ uid }) => isMember(uid));
  } catch {
    return false;
  }
}

/** Answers of this process: the same directories are on the way to most files. */
const answers = new Map<string, boolean>();

/**
 * Node cannot read access lists, and `ls` marks them. Its option is one that only the programs know which do so
 * (GNU and uutils coreutils, not BusyBox). True also where that cannot be found out.
 */
export function mayHaveAccessList(path: string): boolean {
  const known = answers.get(path);
  if (known !== undefined) return known;
  const { status, stdout } = spawnSync('ls', ['-ld', '--time-style=+', '--', path], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  // A point says that there is nothing but a context of SELinux.
  const answer = status !== 0 || !/^[a-z-]{10}[ .]/i.test(stdout);
  answers.set(path, answer);
  return answer;
}
