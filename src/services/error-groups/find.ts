import {
  groupOfError,
  groupOfTemplate,
  readGroup,
  type ErrorGroup,
} from '../../error-groups/rows/read-groups.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError, UsageError } from '../../ground/errors.ts';

const listed = '`npx roundsman errors list` shows the groups';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * A group by its number, or by the id of an error that was counted in it. One that was merged is the one that stands for it. Throws
 * NotFoundError, UsageError.
 */
export async function findGroup(db: Db, given: string): Promise<ErrorGroup> {
  const number = uuid.test(given) ? await groupOfError(db, given) : numberOf(given);
  const group = number === undefined ? undefined : await readGroup(db, number);
  if (group) return group;
  throw new NotFoundError(
    uuid.test(given)
      ? {
          what: `error ${given} is in no group`,
          why: 'no row of error_logs with this id was counted',
          hint: 'errors are counted within a minute or two; `npx roundsman jobs show group-errors` shows when it was last done',
        }
      : {
          what: `there is no group ${given} of errors`,
          ...(await whereNumberIs(db, number!)),
        },
  );
}

/** `errors show` lists templates with their numbers, too, and a reader takes one for that of a group. */
async function whereNumberIs(db: Db, number: string): Promise<{ why: string; hint: string }> {
  const group = await groupOfTemplate(db, number);
  return group === undefined
    ? { why: 'no group has this number', hint: listed }
    : {
        why: `${number} is the number of a template of group ${group}`,
        hint: `\`npx roundsman errors show ${group}\` shows that group; \`npx roundsman errors split ${group} --template ${number}\` takes the template out of it`,
      };
}

function numberOf(given: string): string {
  const digits = /^#?(\d{1,18})$/.exec(given)?.[1];
  if (digits !== undefined) return digits;
  throw new UsageError({
    what: `${JSON.stringify(given)} names no group of errors`,
    why: 'a group has a number, such as 12',
    hint: `${listed}; the id of a row of error_logs names its group, too`,
  });
}

/** Throws UsageError where the database has no error_logs: only the bots' own tables were installed. */
export async function needErrorLogs(db: Db): Promise<void> {
  if (await hasPlatform(db)) return;
  throw new UsageError({
    what: 'this database has no groups of errors',
    why: 'only the tables of the bots are installed, and not error_logs',
    hint: '`npx roundsman db migrate` adds the tables of the platform',
  });
}
