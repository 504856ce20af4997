/** Installs programs that only tests need, from Debian's packages. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Whether the program of this package is there. If it is not, installs the package, but only as root on Debian: that is a
 * container for tests, where an installation disturbs no person. False if the program cannot be had; on CI this is an
 * error.
 */
export function installedFromDebian(packageName: string, isThere: () => boolean): boolean {
  if (isThere()) return true;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    // The run level keeps the package from starting a server of its own.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    try {
      for (const args of ['update', `install -y --no-install-recommends ${packageName}`])
        execFileSync('apt-get', ['-qq', ...args.split(' ')], { env, stdio: 'ignore' });
    } catch {
      // There is no network: the warning below says that the program is missing.
    }
  }
  if (isThere()) return true;
  if (process.env.CI) throw new Error(`${packageName} is missing: apt-get install ${packageName}`);
  console.warn(`NOT RUN: tests that need ${packageName} (apt-get install ${packageName})`);
  return false;
}
