/** Rows of error_logs, and the job group-errors on them, for its tests. */
import { sql } from 'kysely';
import { expect } from 'vitest';
import { groupErrors } from '../../jobs/group-errors.ts';
import type { Db } from '../../src/database/connect.ts';
import { listGroups } from '../../src/services/error-groups/list.ts';
import { backends, type Backend } from '../support/backends.ts';
import { startFlow } from '../support/engine.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];
export const ada = { name: 'ada', role: 'operator' } as const;

interface Given {
  error_message?: string;
  error_type?: string;
  stack_trace?: string | null;
  context?: object | null;
  user_id?: string | null;
  created_at?: Date | null;
}

export const addErrors = (db: Db, errors: Given[]) =>
  db
    .insertInto('error_logs')
    .values(
      errors.map(({ context, ...error }) => ({
        error_type: 'app',
        error_message: 'It failed',
        ...error,
        ...(context !== undefined && { context: JSON.stringify(context) }),
      })),
    )
    .returning('id')
    .execute();

export const ofType = (error_type: string, count: number): Given[] =>
  Array.from({ length: count }, () => ({ error_type }));

export const countedErrors = async (db: Db): Promise<number> => {
  const { rows } = await sql<{ errors: number }>`
    SELECT coalesce(sum(errors), 0)::int AS errors FROM engine.error_groups WHERE merged_into IS NULL`.execute(
    db,
  );
  return rows[0]!.errors;
};

/** What must be true after every run of the job. */
export async function expectConsistent(db: Db): Promise<void> {
  const { rows } = await sql`
    SELECT (SELECT coalesce(sum(errors), 0)::int FROM engine.error_groups WHERE merged_into IS NULL) AS of_groups,
           (SELECT coalesce(sum(errors), 0)::int FROM engine.error_templates) AS of_templates,
           (SELECT coalesce(sum(errors), 0)::int FROM engine.error_counts) AS of_spans,
           (SELECT count(*)::int FROM engine.grouped_errors) AS of_rows,
           (SELECT count(*)::int FROM engine.grouped_errors WHERE seen_at >= date_bin('10 minutes', engine.now() - interval '8 days', '2000-01-01Z')) AS recent_rows,
           (SELECT count(*)::int FROM engine.error_templates t JOIN engine.error_groups g ON g.id = t.group_id
            WHERE g.merged_into IS NOT NULL) AS in_merged_groups`.execute(db);
  const [all] = rows as Record<string, number>[];
  expect(all).toEqual({
    of_groups: all!.of_rows,
    of_templates: all!.of_rows,
    of_spans: all!.recent_rows,
    of_rows: all!.of_rows,
    recent_rows: all!.recent_rows,
    in_merged_groups: 0,
  });
}

export async function flow() {
  const { db, url, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [groupErrors],
    roles: ['scheduler'],
  });
  const group = async () => carried(jobEngine, await aRun(db, groupErrors));
  return {
    db,
    url,
    group,
    /** Runs the job until so many errors are counted: transactions of other tests' databases hold rows back, too. */
    async untilCounted(errors: number): Promise<void> {
      await expect
        .poll(
          async () => {
            const row = await group();
            expect(row.status, row.error_message ?? '').toBe('success');
            return countedErrors(db);
          },
          { timeout: 20_000, interval: 20 },
        )
        .toBe(errors);
      await expectConsistent(db);
    },
  };
}

export const all = async (db: Db) => (await listGroups(db, { limit: 100 })).groups;
