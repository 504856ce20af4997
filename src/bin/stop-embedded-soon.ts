import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beside } from '../ground/beside.ts';

/**
 * For a process that ends at once: another one waits for its end, joins the embedded server and leaves
 * it. Whoever leaves last stops it.
 */
export function stopEmbeddedSoon(home: string): void {
  const entry = beside('./leave-embedded', import.meta.url);
  spawn(process.execPath, [fileURLToPath(entry), home, String(process.pid)], {
    detached: true,
    stdio: 'ignore',
  }).unref();
}
