/** Code of a project's own runs in this process: what it has begun at its top, such as a timer, may go on for ever. */
const loading = new Set<string>();
let hasBegun = false;

/** Whether such code was loaded: then this process does not end by itself when its work is done. */
export const hasOwnCode = (): boolean => hasBegun;

/** Runs the loading of a file. If the file ends the process meanwhile, that is said, and the exit code is not 0. */
export async function loadingOwnCode<Result>(
  file: string,
  load: () => Promise<Result>,
): Promise<Result> {
  if (!hasBegun) process.on('exit', tellOfEnd);
  hasBegun = true;
  loading.add(file);
  try {
    return await load();
  } finally {
    loading.delete(file);
  }
}

function tellOfEnd(): void {
  if (loading.size === 0) return;
  process.exitCode ||= 1;
  process.stderr.write(
    `error: the process was ended while code of the project was loaded\n  why: one of these files calls process.exit: ${[...loading].map((file) => JSON.stringify(file)).join(', ')}\n  try: take the call away\n`,
  );
}
