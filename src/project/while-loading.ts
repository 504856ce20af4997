/** Ends a process whose own code never finishes loading: a loop at the top of a file leaves no moment in which a timer could notice it. */
import { Worker } from 'node:worker_threads';
import { moduleBeside } from '../ground/module-beside.ts';

/** How often this thread shows that it is not stuck. */
const beatMs = 200;

const loading = new Set<string>();
let guard: { thread: Worker; beat: NodeJS.Timeout } | undefined;

/** Loads a file; loading-guard.ts ends the process, and says which files were loading, where that takes up all of its time for too long. */
export async function whileLoading<Result>(
  file: string,
  load: () => Promise<Result>,
): Promise<Result> {
  loading.add(file);
  guard ??= startGuard();
  nameFiles();
  try {
    return await load();
  } finally {
    loading.delete(file);
    if (loading.size === 0) stopGuard();
    else nameFiles();
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is a thread, and no window
const nameFiles = (): void => guard?.thread.postMessage([...loading]);

function startGuard() {
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(moduleBeside('./loading-guard', import.meta.url), {
    workerData: beats,
  });
  thread.unref();
  // Without the guard files are loaded all the same.
  thread.on('error', () => {});
  return { thread, beat: setInterval(() => Atomics.add(beats, 0, 1), beatMs).unref() };
}

function stopGuard(): void {
  clearInterval(guard!.beat);
  void guard!.thread.terminate();
  guard = undefined;
}
