/** Definitions that were changed after their files were applied. */
import type { Db } from '../../database/connect.ts';
import { counted } from '../../ground/text.ts';
import { driftOf, type Drift } from '../definitions/drift.ts';
import { ok, warn, type Diagnosis } from './diagnosis.ts';

/** How many are named. */
const maxNamed = 5;

/** No diagnosis where no file was ever applied. */
export async function examineDefinitions(db: Db): Promise<Diagnosis[]> {
  const { applied, drifted } = await driftOf(db);
  if (applied === 0) return [];
  if (drifted.length === 0)
    return [
      ok('Definitions', `${counted(applied, 'definition')} as the files said that were applied`),
    ];
  const named = drifted.slice(0, maxNamed).map(inWords).join('; ');
  const [file, ...others] = [...new Set(drifted.map((each) => each.file))];
  const same =
    others.length > 0
      ? `; the same for ${others.slice(0, maxNamed).join(', ')}${others.length > maxNamed ? ' and others' : ''}`
      : '';
  const more = drifted.length > maxNamed ? `; and ${drifted.length - maxNamed} more` : '';
  return [
    warn(
      'Definitions',
      `${drifted.length} of ${counted(applied, 'definition')} differ from what was applied: ${named}${more}`,
      `where the files are: \`npx roundsman diff -f ${file}\` shows what differs from the file as it is now, \`npx roundsman apply -f ${file}\` sets it back; \`npx roundsman export -f ${file}\` takes it over, and the next apply notes that${same}`,
    ),
  ];
}

function inWords({ kind, name, set, file, fields, became, by }: Drift): string {
  const where = set === null ? '' : ` of the set ${set}`;
  return `${kind} ${name}${where} in ${file} (${became ?? fields.join(', ')}${by === null ? '' : `, by ${by}`})`;
}
