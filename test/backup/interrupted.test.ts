/** Ctrl-C says what was stopped, and what is true after it. */
import { expect, test } from 'vitest';
import { emptyDatabase, testDatabase } from '../support/database.ts';
import { roundsman } from '../cli/command.ts';

const full = await testDatabase();
const empty = await emptyDatabase();
// The shell's parent is the command: its signal comes while the stream is read.
const stops = 'kill -INT $PPID; exec sleep 2';
// As one that reads from a network which does not answer.
const neverEnds = 'kill -INT $PPID; exec sleep 1000';

test.each([
  [
    empty,
    ['db', 'restore', '--from-command', stops],
    'the restore was stopped',
    'as it was before',
  ],
  [
    empty,
    ['db', 'restore', '--from-command', neverEnds],
    'the restore was stopped',
    'as it was before',
  ],
  [
    full,
    ['db', 'backup', 'verify', '--from-command', neverEnds],
    'the proof of the backup was stopped',
    'as it was',
  ],
  [full, ['db', 'backup', '--to-command', stops], 'the backup was stopped', 'db backups'],
])('%# is stopped', async ({ url }, args, what, hint) => {
  const { code, err } = await roundsman(url, ...args);
  expect([code, err]).toEqual([130, expect.stringContaining(`error: ${what}`)]);
  expect(err.replaceAll(/\s+/g, ' ')).toContain(hint);
  expect(err).not.toContain('backup or its restore');
});
