import { chmodSync, lstatSync } from 'node:fs';
import { dotEnvFile } from '../../dot-env.ts';
import { warn, type Diagnosis } from './diagnosis.ts';

/** A warning if other users may read `.env`, which holds the passwords of both servers. */
export function examineSettingsFile(file: string = dotEnvFile): Diagnosis[] {
  let stats;
  try {
    stats = lstatSync(file);
  } catch {
    return [];
  }
  const ownId = process.geteuid?.();
  if (!stats.isFile() || ownId === undefined || (stats.mode & 0o044) === 0) return [];
  const found = warn(
    'Files',
    `other users may read ${file}, which holds passwords`,
    `chmod 600 ${file}`,
  );
  if (stats.uid !== ownId) return [found];
  return [
    {
      ...found,
      fix: {
        what: `let only its owner read ${file} (chmod 600)`,
        apply: async () => {
          chmodSync(file, 0o600);
          return `only its owner may read ${file} now`;
        },
      },
    },
  ];
}
