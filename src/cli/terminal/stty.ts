/** How the terminal passes on what is typed, for what another program may leave otherwise. */
import { spawnSync } from 'node:child_process';

/** Null where `stty` does not tell it. */
export function modeOfTerminal(): string | null {
  const { status, stdout } = spawnSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'] });
  return status === 0 ? stdout.toString().trim() : null;
}

export const setTerminal = (mode: string): void => {
  spawnSync('stty', [mode], { stdio: ['inherit', 'ignore', 'ignore'] });
};
