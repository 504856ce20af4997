/**
 * Each bench still runs: as little of it as there is, without its goals. CI runs all of it (`npm run bench:small`); here
 * are the parts of the engine's that need no process beside this one.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { casesOf } from './data-cases.ts';
import { sizes } from '../../src/demo/sizes.ts';
import { backends } from '../support/backends.ts';

const run = async (name: string, ...args: string[]): Promise<string> => {
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const env = { ...process.env, BENCH_SIZE: 'small' };
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { env });
  return stdout;
};

const minutes = 4 * 60_000;

test(
  'bench:data asks every function as the service and under row level security',
  async () => {
    const printed = await run('data');
    const asked = casesOf(sizes.small, new Date()).map(({ name }) => name);
    expect(asked.filter((name) => printed.split(`| ${name} |`).length !== 3)).toEqual([]);
    expect(printed).toContain('no goal was judged');
  },
  minutes,
);

test(
  'bench:matching',
  async () => {
    expect(await run('matching')).toContain('one finding against 200 entries');
  },
  minutes,
);

test.skipIf(!backends.some(({ name }) => name === 'redis'))(
  'bench:engine',
  async () => {
    const parts = ['idle-tick', 'due-redis', 'due-postgres', 'recording', 'growth'];
    expect((await run('engine', ...parts)).match(/not judged/g)).toHaveLength(5);
  },
  minutes,
);

test('a size or a part that there is none of is a usage error that says which there are', async () => {
  await expect(run('data', 'tiny')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('small, medium, large'),
  });
  await expect(run('engine', 'nope')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('idle-tick'),
  });
});
