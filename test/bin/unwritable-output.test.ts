/** A command whose output cannot be written does not succeed. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { ownFolder } from '../support/own-folder.ts';

/** Runs a command with this file as its standard output. */
async function into(file: string, ...args: string[]) {
  const { url } = await testDatabase();
  const output = openSync(file, 'w');
  const child = spawn(process.execPath, ['src/bin/roundsman.js', ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: url },
    stdio: ['ignore', output, 'pipe'],
  });
  closeSync(output);
  const exited = new Promise((resolve) => child.on('exit', resolve));
  return { error: await text(child.stderr!), code: await exited };
}

test.each([['bots', 'list'], ['bots', 'list', '--json'], ['status'], ['--help']])(
  'on a full disk %s %s fails and says so',
  async (...args) => {
    const { error, code } = await into('/dev/full', ...args.filter(Boolean));
    expect(code).toBe(1);
    expect(error).toContain('error: the output could not be written');
    expect(error).toContain('ENOSPC');
  },
);

test.each([[], ['--json']])(
  'a diff %s then ends with 2, for 1 says that something differs',
  async (...more) => {
    const file = join(ownFolder('unwritten-'), 'bots.yaml');
    writeFileSync(file, 'apiVersion: roundsman/v1\nkind: bots\ndefinitions: {}\n');
    const { error, code } = await into('/dev/full', 'diff', '-f', file, ...more);
    expect(error).toContain('error: the output could not be written');
    expect(code).toBe(2);
  },
);

test('a command whose output can be written does not mention it', async () => {
  const { error, code } = await into('/dev/null', 'bots', 'list');
  expect(code).toBe(0);
  expect(error).not.toContain('error:');
});
