/**
 * A thread of a child that waits, blocked, for the end of a pipe that only the worker holds. When the worker has ended,
 * in whatever way, this thread ends the process: a check in an endless loop would never see its channel close, and
 * would outlive the worker.
 */
import { readSync } from 'node:fs';
import { descendantsOf, kill, markName, sweep } from './processes.ts';

/** the file descriptor that the worker's `stdio` makes of its last entry */
const pipe = 4;
/** Read now: a check may change its environment. */
const mark = process.env[markName];

try {
  readSync(pipe, Buffer.alloc(1));
} finally {
  for (const pid of descendantsOf(process.pid)) kill(pid);
  if (mark) await sweep(mark, [process.pid]);
  // The whole process group of the child: the processes that its checks started end with it.
  kill(-process.pid);
}
