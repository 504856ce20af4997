/** A process reads its `.env` once. */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { testDatabase } from '../support/database.ts';
import { install, roundsman } from '../support/installation.ts';

const checkout = install('slow-bots.ts');
const file = join(checkout, '.env');

/** Writes to standard error when the process reads a `.env`. */
const watching = `data:text/javascript,${encodeURIComponent(`
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const read = fs.readFileSync;
  fs.readFileSync = (path, ...rest) => {
    if (path === ${JSON.stringify(file)}) process.stderr.write('reads .env\\n');
    return read(path, ...rest);
  };
  syncBuiltinESMExports();
`)}`;

async function settings(...more: string[]) {
  const { url } = await testDatabase();
  await migrateQueue(url);
  onTestFinished(() => rmSync(file, { force: true }));
  return [
    `DATABASE_URL='${url}'`,
    'ROUNDSMAN_KEYS=k:' + Buffer.alloc(32, 7).toString('base64'),
    'TOKEN=abcdefgh',
    ...more,
  ].join('\n');
}

test.each([
  [['status']],
  [['doctor']],
  [['bots', 'list']],
  [['db', 'status']],
  [['secrets', 'set', 'TOKEN', '--from-env', 'TOKEN']],
  [['round', 'quick']],
])(
  '%j reads it once',
  async (args) => {
    writeFileSync(file, await settings());
    const run = roundsman(checkout, { NODE_OPTIONS: `--import=${watching}` }, ...args);
    expect([0, 6], run.heard.out + run.heard.err).toContain(await run.ended);
    expect(run.heard.err.match(/reads \.env/g)).toHaveLength(1);
  },
  60_000,
);

test('a `.env` that is a pipe gives a worker its settings, and settings that it lacks are told', async () => {
  const text = await settings('ROUNDSMAN_CONCURENCY=3', 'ROUNDSMAN_CONCURRENCY=2');
  execFileSync('mkfifo', [file]);
  const worker = roundsman(checkout, {}, 'worker');
  await writeFile(file, text);
  await expect
    .poll(() => worker.lines().find(({ msg }) => msg === 'started'), { timeout: 20_000 })
    .toMatchObject({ places: 2 });
  expect(worker.heard.err).toContain('ROUNDSMAN_CONCURENCY is not a setting; did you mean');
});
