/** Ctrl-C says what was stopped, and what is true after it. */
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from '../cli/command.ts';

const { url } = await testDatabase();
// The shell's parent is the command: its signal comes while the stream is read.
const stops = 'kill -INT $PPID; exec sleep 20';

test.each([
  [['db', 'restore', '--from-command', stops], 'the restore was stopped', 'as it was before'],
  [['db', 'backup', '--to-command', stops], 'the backup was stopped', 'db backups'],
])('%j', async (args, what, hint) => {
  const { code, err } = await roundsman(url, ...args);
  expect([code, err]).toEqual([130, expect.stringContaining(`error: ${what}`)]);
  expect(err.replaceAll(/\s+/g, ' ')).toContain(hint);
  expect(err).not.toContain('backup or its restore');
});
