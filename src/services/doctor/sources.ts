import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { counted } from '../../ground/text.ts';
import { listSources } from '../sources/read.ts';
import { fail, ok, type Diagnosis } from './diagnosis.ts';

/** Whether every source that is in service takes deliveries, as far as its settings and this process's secrets say; none where there is none. */
export async function examineSources(db: Db, config: Config): Promise<Diagnosis[]> {
  const sources = (await listSources(db, config)).filter(({ status }) =>
    ['active', 'paused'].includes(status),
  );
  if (sources.length === 0) return [];
  const refused = sources.filter(({ problem }) => problem !== null);
  if (refused.length > 0)
    return [
      fail(
        'Sources',
        `every delivery is refused of ${refused.map(({ name, problem }) => `${name} (${problem!})`).join('; ')}`,
        `\`npx roundsman secrets list\` shows what is stored and opens here; \`npx roundsman sources test ${refused[0]!.name}\` once that is corrected`,
      ),
    ];
  return [
    ok(
      'Sources',
      `${counted(sources.length, 'source')} with a secret that proves deliveries, and that this process can open`,
    ),
  ];
}
