import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * For a process that ends at once: another one waits for its end, joins the embedded server and leaves
 * it. Whoever leaves last stops it.
 */
export function stopEmbeddedSoon(home: string): void {
  const entry = new URL(`./leave-embedded${extname(import.meta.filename)}`, import.meta.url);
  spawn(process.execPath, [fileURLToPath(entry), home, String(process.pid)], {
    detached: true,
    stdio: 'ignore',
  }).unref();
}
