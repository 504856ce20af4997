/** Sets the status of an app in the catalogue, for example to maintenance while it is broken. */
import { defineRemedy, NotAppliedError, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';

const params = z.strictObject({
  app: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("app_catalog.slug; the finding's component unless given"),
  status: z.enum(['active', 'beta', 'maintenance', 'deprecated']),
});
type Params = z.infer<typeof params>;

const slugOf = ({ app }: Params, { target }: RemedyContext): string => app ?? target.component;

interface Status {
  status: string | null;
  /** as text: a Date would lose its microseconds */
  updated_at: string | null;
}

const columns = sql`status, updated_at::text`;

async function read(app: string, { db }: RemedyContext, lock = sql``): Promise<Status | undefined> {
  const { rows } = await sql<Status>`
    SELECT ${columns} FROM app_catalog WHERE slug = ${app} ${lock}`.execute(db);
  return rows[0];
}

async function write(app: string, status: string | null, { db }: RemedyContext): Promise<Status> {
  const { rows } = await sql<Status>`
    UPDATE app_catalog SET status = ${status} WHERE slug = ${app} RETURNING ${columns}`.execute(db);
  return rows[0]!;
}

export const setAppStatus = defineRemedy({
  name: 'app.set-status',
  title: 'Set the status of an app',
  risk: 'reversible',
  params,
  async isDone(given, context) {
    return (await read(slugOf(given, context), context))?.status === given.status;
  },
  async apply({ status, ...given }, context) {
    const app = slugOf({ ...given, status }, context);
    const before = await read(app, context, sql`FOR NO KEY UPDATE`);
    if (!before) throw new NotAppliedError(`there is no app ${app}`);
    const after = await write(app, status, context);
    return { summary: `set ${app} from ${before.status} to ${status}`, before, after };
  },
  async undo({ status, ...given }, context) {
    const app = slugOf({ ...given, status }, context);
    const before = context.before as Status | null;
    if (!before) throw new NotAppliedError(`${app} had this status before`);
    const current = await read(app, context, sql`FOR NO KEY UPDATE`);
    if (!current) throw new NotAppliedError(`${app} is gone`);
    // Only the app's status is compared; other columns may have been edited meanwhile.
    if (current.status !== status)
      throw new NotAppliedError(`${app} was changed since: it is ${current.status}`);
    const after = await write(app, before.status, context);
    return { summary: `set ${app} back to ${before.status}`, before: current, after };
  },
});
