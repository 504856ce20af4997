import { fstatSync, statSync, type Stats } from 'node:fs';

/**
 * Why nothing can be read at a path, for example `it is a directory`; null for files, pipes, an empty device and standard
 * input.
 */
export function whyUnreadable(stats: Stats): string | null {
  if (stats.isDirectory()) return 'it is a directory';
  if (stats.isSocket()) return 'it is a socket';
  if (stats.isBlockDevice()) return 'it is a device';
  // Devices such as /dev/zero never end.
  if (stats.isCharacterDevice() && !endsWhenRead(stats)) return 'it is a device';
  return null;
}

/** Whether reading this device ends: /dev/null is empty, and what a person types on the terminal of this process ends. */
function endsWhenRead({ rdev }: Stats): boolean {
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
