/**
 * A thread of a child. It blocks until a pipe closes whose other end only the worker has. When the worker has ended, in
 * whatever way, this thread ends the child's process: a check in an endless loop would never notice that its channel
 * has closed, and would outlive the worker.
 */
import { readSync } from 'node:fs';
import { descendantsOf, kill } from '../ground/processes.ts';
import { markName, sweep } from './processes.ts';

/** The file descriptor of the pipe: the last entry of `stdio` with which the worker started this process. */
const pipe = 4;
/** Read when the thread starts, because a check may change its environment. */
const mark = process.env[markName];

try {
  readSync(pipe, Buffer.alloc(1));
} finally {
  for (const pid of descendantsOf(process.pid)) kill(pid);
  if (mark) await sweep(mark, [process.pid]);
  // Ends the whole process group of the child, with the processes that its checks started.
  kill(-process.pid);
}
