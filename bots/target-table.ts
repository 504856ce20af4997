/** The table that a remedy acts on: the one that its playbook names, else the finding's component. */
import { NotAppliedError, z } from '../src/bot.ts';
import type { RemedyContext } from '../src/bot.ts';
import { platformTables } from './platform-tables.ts';

const known = z.enum(platformTables);

export const targetTable = known
  .optional()
  .describe("the table; the finding's component unless given");

/** Throws where the finding is about something else than a table that a remedy may name. */
export function targetTableName(
  { table }: { table?: z.infer<typeof known> | undefined },
  { target }: RemedyContext,
): string {
  const read = known.safeParse(table ?? target.component);
  if (read.success) return read.data;
  throw new NotAppliedError(`${target.component} is no table that this remedy knows`);
}
