/** Folders for the files of a test, which go when its file is done. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const made: string[] = [];

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder, whose name begins so. Import this module at the top of the test. */
export function ownFolder(name: string): string {
  made.push(mkdtempSync(join(tmpdir(), name)));
  return made.at(-1)!;
}
