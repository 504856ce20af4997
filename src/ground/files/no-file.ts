/** Names that lead to something other than the bytes of a file or a pipe. */
import { fstatSync, statSync, type Stats } from 'node:fs';

/** Why nothing can be read there, as `it is a directory`; null for files, pipes, an empty device and standard input. */
export function noFile(stats: Stats): string | null {
  if (stats.isDirectory()) return 'it is a directory';
  if (stats.isSocket()) return 'it is a socket';
  if (stats.isBlockDevice()) return 'it is a device';
  // Devices such as /dev/zero never end.
  if (stats.isCharacterDevice() && !isHarmless(stats)) return 'it is a device';
  return null;
}

/** /dev/null is empty, and a terminal is what a person types. */
function isHarmless({ rdev }: Stats): boolean {
  const { rdev: empty } = statSync('/dev/null', { throwIfNoEntry: false }) ?? {};
  return rdev === empty || rdev === deviceOfInput();
}

function deviceOfInput(): number | null {
  try {
    const stats = fstatSync(0);
    return stats.isCharacterDevice() ? stats.rdev : null;
  } catch {
    return null;
  }
}
