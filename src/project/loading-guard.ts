/** A thread beside the loading of a project's files (while-loading.ts): it ends the process when that has stood still for too long. */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { kill } from '../ground/processes.ts';

/** How long the loading may take up all of the process's time. */
const maxSeconds = 30;

const beats = workerData as Int32Array;
let files: string[] = [];
parentPort!.on('message', (loading: string[]) => (files = loading));

let seen = -1;
/** Seconds are counted, and not read from a clock: while the process is stopped as a whole, none of them passes. */
let seconds = 0;
setInterval(() => {
  const now = Atomics.load(beats, 0);
  seconds = now === seen ? seconds + 1 : 0;
  seen = now;
  if (seconds >= maxSeconds) end();
}, 1_000);

function end(): void {
  const named = files.map((file) => JSON.stringify(file)).join(', ');
  writeSync(
    2,
    `error: code of the project does not finish loading\n  why: ${files.length === 1 ? 'this file has' : 'one of these files has'} kept the process busy for ${maxSeconds} s: ${named}\n  try: take away the loop at its top: a file has to load without work\n`,
  );
  kill(process.pid);
}
