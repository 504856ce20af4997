import { fileURLToPath } from 'node:url';
import { failureCode } from '../failure-code.ts';

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
  process.exitCode ||= failureCode();
  const place = placeOfCall();
  const files = [...loading].map((file) => JSON.stringify(file)).join(', ');
  process.stderr.write(
    `error: the process was ended while code of the project was loaded\n  why: ${place === null ? `one of these files calls process.exit: ${files}` : `${place} calls process.exit`}\n  try: take the call away\n`,
  );
}

/** Where process.exit was called, for it calls its listeners itself: `"/srv/shop/bots/a.ts", line 3`; null where the stack does not say. */
function placeOfCall(): string | null {
  const frames = (new Error('exit').stack ?? '').matchAll(/(file:\/\/\/\S+?):(\d+):\d+/g);
  const caller = [...frames].find(([, url]) => url !== import.meta.url);
  return caller ? `${JSON.stringify(fileURLToPath(caller[1]!))}, line ${caller[2]}` : null;
}
