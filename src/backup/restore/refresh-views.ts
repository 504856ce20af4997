import { messageOf } from '../../ground/errors.ts';

/**
 * Fills materialised views. One that reads another one that is not filled yet is tried again after it. One that cannot be filled, because
 * the rows or another server do not allow it any more, stays without rows: the rows of the tables matter more. One sentence for each of these.
 */
export async function refreshViews(
  statements: readonly string[],
  attempt: (statement: string) => Promise<unknown>,
): Promise<string[]> {
  let waiting = statements.map((statement) => ({ statement, error: null as unknown }));
  for (;;) {
    const before = waiting.length;
    const failed: typeof waiting = [];
    for (const { statement } of waiting) {
      const error = await attempt(statement);
      if (error !== null) failed.push({ statement, error });
    }
    if (failed.length === 0) return [];
    if (failed.length === before)
      return failed.map(
        ({ statement, error }) =>
          `a materialised view has no rows: ${statement} fails: ${messageOf(error)}`,
      );
    waiting = failed;
  }
}
