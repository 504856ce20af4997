import { statSync } from 'node:fs';
import type { UnitOptions } from './systemd-units.ts';

/** In place of these the units have directories of their own (PrivateTmp). */
const privateFolders = ['/tmp', '/var/tmp'];

/**
 * Why the units may not start although this account can start the same: files that they would not see, and a config that only its owner
 * may read. Each is a sentence. The account of the units may not be there yet, so it is not asked.
 */
export function doubtsOf({ node, program, config, user }: UnitOptions): string[] {
  const paths = [node, program, ...(config === null ? [] : [config])];
  const hidden = paths.flatMap((path) => {
    const folder = privateFolders.find((each) => path.startsWith(`${each}/`));
    return folder === undefined
      ? []
      : [
          `${path} lies below ${folder}, in place of which the units have a directory of their own: move it`,
        ];
  });
  const unread =
    config !== null && isForOwner(config)
      ? [
          `${config} may only be read by its owner: give it to ${user} (chown), or let others read it (chmod o+r)`,
        ]
      : [];
  return [...hidden, ...unread];
}

function isForOwner(file: string): boolean {
  const { mode, uid } = statSync(file);
  return (mode & 0o004) === 0 && (uid === 0 || uid === process.geteuid?.());
}
