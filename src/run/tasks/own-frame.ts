/** Finds the line of a bot's own file in the stack of an error. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The longest place that is kept. */
export const maxPlace = 1_000;

/** The longest part of a stack that is searched: it is the check's own text. */
const maxStack = 20_000;

const ownModules = `${dirname(dirname(dirname(fileURLToPath(import.meta.url))))}/`;

/**
 * The first place in the error's stack that is neither in a package nor in Roundsman's own modules, as `/path/file.ts:12`; null where
 * there is none. Never throws, whatever was thrown.
 */
export function ownFrame(error: unknown): string | null {
  try {
    const stack = error instanceof Error ? String(error.stack).slice(0, maxStack) : '';
    for (const [, address, line] of stack.matchAll(/(file:\/\/[^\s()]+):(\d+):\d+\)?$/gm)) {
      const path = fileURLToPath(address!);
      if (path.includes('/node_modules/') || path.startsWith(ownModules)) continue;
      const place = `${path}:${line}`;
      return place.length <= maxPlace ? place : null;
    }
  } catch {
    // The stack is a getter that throws, or an address that is none.
  }
  return null;
}
