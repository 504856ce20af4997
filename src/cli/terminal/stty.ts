/** Reads and sets the mode of the terminal, to restore it after a program that may have changed it. */
import { spawnSync } from 'node:child_process';

/** Null where `stty` fails. */
export function modeOfTerminal(): string | null {
  const { status, stdout } = spawnSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'] });
  return status === 0 ? stdout.toString().trim() : null;
}

export const setTerminal = (mode: string): void => {
  spawnSync('stty', [mode], { stdio: ['inherit', 'ignore', 'ignore'] });
};
