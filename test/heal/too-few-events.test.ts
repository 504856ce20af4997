/** After a person resolved a ticket whose check counts events: a run without enough of them says neither clean nor "not seen". */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { explainInLines } from '../../src/cli/review/explain-in-lines.ts';
import { verdictInLines } from '../../src/cli/review/check-again.ts';
import { resolve } from '../../src/cli/review/actions/resolve.ts';
import { nextToReview, readReview } from '../../src/services/tickets/review.ts';
import { showTicket } from '../../src/services/tickets/show.ts';
import { curedAfterABurst, minute } from './endpoint.ts';

/** A review of the ticket of a burst, and what it needs. */
async function reviewed() {
  const at = await curedAfterABurst({ autonomy: 'suggest' });
  const context = {
    db: at.db,
    actor: { name: 'ann', role: 'operator' as const },
    catalogue: async () => at.engine.catalogue,
  };
  const { review } = await nextToReview(context, { filter: {}, except: [] });
  const ticket = review!.ticket.id;
  /** What `v` says about a run that has just ended. */
  const verdict = async () => {
    const seen = await readReview(context, { ticket });
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM bot_executions ORDER BY created_at DESC LIMIT 1`.execute(at.db);
    const { signal } = new AbortController();
    return (await verdictInLines(context, seen, { run: rows[0]!.id, signal }))!.at(-1)!;
  };
  return { ...at, context, review: review!, ticket, verdict };
}

test('too few events since a resolution are said, in the verdict, in explain and on the ticket', async () => {
  const at = await reviewed();
  const { message } = await resolve.perform(at.context, at.review, ['none', 'restarted it']);
  expect(message).toContain('Its check counts events');
  expect(message).not.toContain('next clean check');
  await at.move(3 * minute);
  await at.round();
  const { rows } = await sql<{ first: unknown }>`
    SELECT metadata #> '{checks,0}' AS first FROM bot_executions ORDER BY created_at DESC LIMIT 1`.execute(
    at.db,
  );
  expect(rows[0]!.first).toMatchObject({ status: 'passed', unclear_keys: 1 });
  expect(await at.verdict()).toMatch(/not known yet: .*only events from .* too few to tell\.$/);
  const seen = await readReview(at.context, { ticket: at.ticket });
  const explained = (await explainInLines(at.context, seen)).join('\n');
  expect(explained).toContain('there were too few');
  // Never tried: there is no record, so none of its figures either.
  expect(explained).toContain('api.cure, suggest: no heal of it is decided yet');
  expect((await showTicket(at.db, { ticket: at.ticket })).tooFewSince).toBeInstanceOf(Date);
});

test('enough good ones resolve the finding, and the verdict is clean', async () => {
  const at = await reviewed();
  await resolve.perform(at.context, at.review, ['none', 'restarted it']);
  await at.move(3 * minute);
  await at.answers(200, 200, 5);
  await at.round();
  expect(await at.findings()).toMatchObject([{ resolved_at: expect.any(Date) }]);
  expect(await at.verdict()).toContain('clean');
  expect((await showTicket(at.db, { ticket: at.ticket })).tooFewSince).toBeNull();
});
