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
  const [first] = drifted;
  if (!first)
    return [
      ok('Definitions', `${counted(applied, 'definition')} as the files said that were applied`),
    ];
  const named = drifted.slice(0, maxNamed).map(inWords).join('; ');
  const more = drifted.length > maxNamed ? `; and ${drifted.length - maxNamed} more` : '';
  return [
    warn(
      'Definitions',
      `${drifted.length} of ${counted(applied, 'definition')} differ from what was applied: ${named}${more}`,
      `where the files are: \`npx roundsman diff -f ${first.file}\` shows it, \`npx roundsman apply -f ${first.file}\` sets it back; \`npx roundsman export -f ${first.file}\` takes it over, and the next apply notes that`,
    ),
  ];
}

function inWords({ kind, name, set, fields, became, by }: Drift): string {
  const where = set === null ? '' : ` of the set ${set}`;
  return `${kind} ${name}${where} (${became ?? fields.join(', ')}${by === null ? '' : `, by ${by}`})`;
}
