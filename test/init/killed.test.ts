/**
 * An `init` that is killed at any step: what is there then is no project, or the whole one, and the next `init` makes it whole.
 *
 * A kill is simulated: from one call on, each that would change the disk throws, those that clean up as well.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeProject, NoProjectError } from '../../src/services/init/make-project.ts';
import { placeOfServers } from '../support/place-of-servers.ts';

const directory = fs.mkdtempSync(join(placeOfServers(), 'roundsman-init-killed-'));
afterAll(() => fs.rmSync(directory, { recursive: true, force: true }));

const changing = ['mkdirSync', 'writeFileSync', 'renameSync', 'rmdirSync', 'rmSync'] as const;

/** Runs `work` in which the calls after the first `calls` that change the disk have no effect. Returns whether it came to its end. */
function killedAfter(calls: number, work: () => void): boolean {
  const real = Object.fromEntries(changing.map((name) => [name, fs[name]]));
  let left = calls;
  const replace = (functions: object) => {
    Object.assign(fs, functions);
    syncBuiltinESMExports();
  };
  replace(
    Object.fromEntries(
      changing.map((name) => [
        name,
        (...args: unknown[]) => {
          if (left <= 0) throw new Error('killed');
          left -= 1;
          return (real[name] as (...args: unknown[]) => unknown)(...args);
        },
      ]),
    ),
  );
  try {
    work();
    return true;
  } catch (error) {
    expect(String(error)).toMatch(/killed|no project was made/);
    return false;
  } finally {
    replace(real);
  }
}

const textsIn = (path: string): Map<string, string> =>
  new Map(
    (fs.readdirSync(path, { recursive: true }) as string[])
      .filter((name) => fs.statSync(join(path, name)).isFile())
      .toSorted()
      .map((name) => [name, fs.readFileSync(join(path, name), 'utf8')]),
  );

/** How a project of the name `own` is when nothing goes wrong. */
const whole = textsIn(makeProject(join(directory, 'undisturbed/own'), '1').path);

function* projects(kind: string, isThere: boolean): Generator<{ path: string; calls: number }> {
  for (let calls = 0; calls < 100; calls += 1) {
    const above = join(directory, kind, String(calls));
    const path = join(above, 'own');
    fs.mkdirSync(isThere ? path : above, { recursive: true });
    const isMade = killedAfter(calls, () => void makeProject(path, '1'));
    if (isMade) return;
    yield { path, calls };
  }
  throw new Error('it has more steps than the test expects');
}

test.each([
  ['missing', false],
  ['empty', true],
])('into a directory that is %s', (kind, isThere) => {
  const steps = [...projects(kind, isThere)];
  expect(steps.length).toBeGreaterThan(15);
  for (const { path, calls } of steps) {
    // What npm takes for a project is all of it.
    if (fs.existsSync(join(path, 'package.json')))
      expect({ calls, ...Object.fromEntries(textsIn(path)) }).toMatchObject(
        Object.fromEntries(whole),
      );
    expect(makeProject(path, '1').files).toEqual([...whole.keys()]);
    expect(textsIn(path)).toEqual(whole);
    expect(fs.readdirSync(join(path, '..'))).toEqual(['own']);
  }
});

test('a second kill, of the init that completes the first one, changes nothing of that', () => {
  const some = [...projects('twice', true)].filter(({ calls }) => calls % 5 === 0);
  for (const { path } of some) {
    const isMade = (calls: number) => killedAfter(calls, () => void makeProject(path, '1'));
    expect([0, 5, 10, 15, 20, 100].find(isMade)).toBeDefined();
    expect(textsIn(path)).toEqual(whole);
  }
});

test('a file that was changed since is named, and nothing is written', () => {
  const some = [...projects('changed', true)].find(({ path }) =>
    fs.existsSync(join(path, '.gitignore')),
  )!;
  fs.appendFileSync(join(some.path, '.gitignore'), 'mine\n');
  const before = textsIn(some.path);
  expect(() => makeProject(some.path, '1')).toThrow(NoProjectError);
  try {
    makeProject(some.path, '1');
  } catch (error) {
    expect((error as NoProjectError).hint).toMatch(
      /^an init was ended before its end, and \.gitignore is not as that would write it/,
    );
  }
  expect(textsIn(some.path)).toEqual(before);
});

test('an init beside one that still writes waits for its end', () => {
  const path = join(directory, 'busy');
  fs.mkdirSync(join(path, `.roundsman-init-${process.ppid}-0a1b2c3d`), { recursive: true });
  expect(() => makeProject(path, '1')).toThrow(`process ${process.ppid} is writing one there`);
  expect(fs.readdirSync(path)).toHaveLength(1);
});

test('a process that was really killed leaves what the next one takes up', () => {
  const path = join(directory, 'really');
  fs.mkdirSync(path);
  const module = new URL('../../src/services/init/make-project.ts', import.meta.url).href;
  const code = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { renameSync } = fs;
    let left = 3;
    fs.renameSync = (...args) => (left-- > 0 ? renameSync(...args) : process.kill(process.pid, 'SIGKILL'));
    syncBuiltinESMExports();
    (await import(${JSON.stringify(module)})).makeProject(${JSON.stringify(path)}, '1');`;
  const killed = spawnSync(process.execPath, ['--input-type=module', '-e', code]);
  expect(killed.signal).toBe('SIGKILL');
  expect(fs.readdirSync(path)).toHaveLength(4);
  makeProject(path, '1');
  expect([...textsIn(path).keys()]).toEqual([...whole.keys()]);
});
