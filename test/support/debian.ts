/** Programs that only tests need, from Debian's packages. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Installs a package where nobody minds: root on Debian, which a container for tests is. False where it
 * cannot be had, which on CI is an error.
 */
export function provide(packageName: string, isThere: () => boolean): boolean {
  if (isThere()) return true;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    // The run level keeps the package from starting a server of its own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    try {
      for (const args of ['update', `install -y --no-install-recommends ${packageName}`])
        execFileSync('apt-get', ['-qq', ...args.split(' ')], { env, stdio: 'ignore' });
    } catch {
      // Without a network: said below.
    }
  }
  if (isThere()) return true;
  if (process.env.CI) throw new Error(`${packageName} is missing: apt-get install ${packageName}`);
  console.warn(`NOT RUN: what needs ${packageName} (apt-get install ${packageName})`);
  return false;
}
