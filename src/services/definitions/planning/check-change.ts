import type { Present } from '../kinds/kind.ts';
import type { Change } from './change.ts';
import { inFile } from './in-file.ts';
import type { Planning } from './planning.ts';

/** Notes what its service would refuse of a change. */
export async function checkChange(
  { db, catalogue, lacking, bots, problems }: Planning,
  { kind, name, action, before, wanted, fields, written }: Change,
  byName: Map<string, Present>,
): Promise<void> {
  if (written === null) return;
  const taken = action === 'rename' ? byName.get(name) : undefined;
  if (taken && taken.id !== before!.id)
    return void problems.push(
      written.problem(
        `was renamed to ${before!.name}, and another one has its name now: rename one of them`,
      ),
    );
  try {
    await kind.check(
      { db, catalogue, lacking, bots },
      {
        name,
        before: before?.values ?? null,
        after: { ...before?.values, ...wanted },
        changed: fields.map(({ field }) => field),
      },
    );
  } catch (error) {
    const message = inFile(error);
    const field = fields.find((each) => new RegExp(`\\b${each.field}\\b`).test(message))?.field;
    problems.push(written.problem(message, field));
  }
}
