/** A worker that runs an endless check in a child and prints the pid of the child; its test kills it. */
import { readFile } from 'node:fs/promises';
import { openChildren } from '../../src/run/tasks/children.ts';

const children = openChildren({
  entry: new URL('../../src/bin/child.ts', import.meta.url),
  catalogue: new URL('./bots.ts', import.meta.url),
  databaseUrl: process.argv[2]!,
  size: 1,
  memoryMb: 256,
  onEnded() {},
});
const place = await children.take();
const now = new Date();
void place.do('check', {
  endpoint: '/api/bots/spins',
  config: {},
  check: 'hurts',
  now,
  since: null,
  run: { id: 'none', attempt: 1, timeoutMs: 60_000, leftMs: 60_000 },
  secrets: [],
  remembered: null,
});
const text = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
process.send!(Number(text.split(' ')[0]));
