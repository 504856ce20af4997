/** What tests leave behind when they are killed goes with the next run. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newCopy, removeCopy, sweepCopies } from '../support/copies.ts';

test('a copy of a process that has ended is removed, and one of a living process stays', () => {
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  const left = join(tmpdir(), `roundsman-copy-${pid}-abcdef`);
  mkdirSync(join(left, 'src'), { recursive: true });
  const own = newCopy();
  onTestFinished(() => removeCopy(own));
  sweepCopies();
  expect([existsSync(left), existsSync(own)]).toEqual([false, true]);
});
