/** Finds out which users have the group rights of a file: the members of its group, and those of an access list. */
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

/** Shells that run no other programs: some distributions put system accounts with such a shell into root's group. */
const idleShell = /\/(sync|shutdown|halt|nologin|false)$/;

/**
 * Whether only users that pass `isMember` have the rights of this group. True for root's group and for a group with
 * the name of such a user (many systems make one for each user), when no other user is in it. False if /etc/passwd and
 * /etc/group do not show the group, as for a group of a directory service.
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
    const primary = known.filter((user) => user.gid === gid);
    const others = primary.filter(({ shell }) => gid !== 0 || !idleShell.test(shell));
    return groups.length > 0 && names.every(isNamed) && others.every(({ uid }) => isMember(uid));
  } catch {
    return false;
  }
}

/** Answers are cached, because most files lie below the same directories. */
const answers = new Map<string, boolean>();

/**
 * Whether a file may have an access list; true also when that cannot be found out. Node cannot read access lists, but
 * `ls` of GNU and uutils marks files that have one. `ls` of BusyBox does not: there the option --time-style makes it
 * fail, and the result is true.
 */
export function mayHaveAccessList(path: string): boolean {
  const known = answers.get(path);
  if (known !== undefined) return known;
  const { status, stdout } = spawnSync('ls', ['-ld', '--time-style=+', '--', path], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
  });
  // A dot as the mark means only a context of SELinux.
  const answer = status !== 0 || !/^[a-z-]{10}[ .]/i.test(stdout);
  answers.set(path, answer);
  return answer;
}
