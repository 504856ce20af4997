/** How severe a ticket is, as a person says it, beside the runs of its bot. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { reopenTicket } from '../../src/services/tickets/reopen.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { clearSeverity, overrideSeverity } from '../../src/services/tickets/severity.ts';
import { TicketNotPendingError } from '../../src/services/references/ticket.ts';
import { overrideSeverity as override } from '../../src/transitions/tickets/override-severity.ts';
import { tellers } from '../run/teller.ts';
import { problem } from '../support/builders.ts';
import { waiting } from '../support/held.ts';
import { set } from '../support/runs.ts';

const ticket = 'T-1';

async function watched() {
  const bots = await tellers({ watch: {} });
  const { db } = bots;
  await set(db, 'mode', 'off');
  const ann = { db, actor: { name: 'ann', role: 'operator' as const } };
  const one = async () => (await bots.tickets())[0]!;
  return {
    db,
    ann,
    one,
    async finds(severity: ReportedSeverity | null) {
      const findings = severity ? [problem('disk', { severity })] : [];
      await bots.say('watch', { examined: ['disk'], findings });
      return one();
    },
    rates: (severity: 'critical' | 'high' | 'medium' | 'low', reason = 'customers wait') =>
      overrideSeverity(ann, { ticket, severity, reason }),
    clears: () => clearSeverity(ann, { ticket }),
    events: async () =>
      (
        await db.selectFrom('bot_ticket_events').select(['event', 'detail']).orderBy('id').execute()
      ).map(({ event, detail }) => ({ event, ...(detail as object) })),
  };
}

const due = (row: { respond_by: Date | null }) =>
  Math.round((row.respond_by!.getTime() - Date.now()) / 60_000);

test('what a person says is the severity, and no run undoes it or makes an event of it', async () => {
  const at = await watched();
  await at.finds('medium');
  await acknowledgeTicket(at.ann, { ticket });
  const { ticket: rated, before } = await at.rates('critical');
  expect(before).toBe('medium');
  expect(rated).toMatchObject({
    severity: 'critical',
    severity_override: 'critical',
    severity_override_by: 'ann',
    severity_override_reason: 'customers wait',
    severity_found: 'medium',
    assigned_to: 'owner',
    acknowledged_at: null,
  });
  expect(due(rated)).toBe(15);
  const events = await at.events();
  expect(events.at(-1)).toMatchObject({
    event: 'rated',
    from: 'medium',
    to: 'critical',
    reason: 'customers wait',
    assigned_to: 'owner',
    unacknowledged: 'ann',
  });
  for (const found of ['high', 'critical', 'medium'] as const)
    expect(await at.finds(found)).toMatchObject({
      severity: 'critical',
      severity_found: found,
      version: rated.version,
      respond_by: rated.respond_by,
    });
  expect(await at.events()).toEqual(events);
});

test('a severity that a person lowers keeps the clock, and gives it back when it is taken back', async () => {
  const at = await watched();
  const { respond_by } = await at.finds('critical');
  await acknowledgeTicket(at.ann, { ticket });
  expect((await at.rates('low')).ticket).toMatchObject({
    severity: 'low',
    respond_by,
    acknowledged_by: 'ann',
    assigned_to: 'owner',
  });
  await at.finds('high');
  // It rises, so who looked after a low one does not look after it.
  expect((await at.clears()).ticket).toMatchObject({
    severity: 'high',
    severity_override: null,
    severity_override_by: null,
    severity_override_reason: null,
    severity_found: null,
    respond_by,
    acknowledged_by: null,
  });
  expect((await at.events()).at(-1)).toMatchObject({ event: 'unrated', from: 'low', to: 'high' });
  expect(await at.finds('critical')).toMatchObject({ severity: 'critical' });
});

test('the same again, and taking back what no person said, change nothing', async () => {
  const at = await watched();
  await at.finds('medium');
  expect(await at.clears()).toMatchObject({ unchanged: true });
  await at.rates('high');
  const before = await at.one();
  expect(await at.rates('high')).toMatchObject({ unchanged: true });
  expect(await at.one()).toEqual(before);
  expect(await at.rates('high', 'another reason')).toMatchObject({ unchanged: false });
  // As severe as runs find it, and it stays so.
  await at.rates('medium', 'enough');
  expect(await at.finds('critical')).toMatchObject({ severity: 'medium' });
});

test("a person's own assignment stays", async () => {
  const at = await watched();
  await at.finds('medium');
  await assignTicket(at.ann, { ticket, who: 'bob' });
  expect((await at.rates('critical')).ticket).toMatchObject({ assigned_to: 'bob' });
});

test('it lasts when the ticket is reopened, and what is over is not rated', async () => {
  const at = await watched();
  await at.finds('medium');
  await at.rates('high');
  await at.finds(null);
  await expect(at.rates('low')).rejects.toBeInstanceOf(TicketNotPendingError);
  expect(await at.finds('critical')).toMatchObject({
    severity: 'high',
    severity_found: 'critical',
  });
  await resolveTicket(at.ann, { ticket: await at.one(), cure: undefined, notes: 'mended' });
  expect(await reopenTicket(at.ann, { ticket, reason: 'x' })).toMatchObject({ severity: 'high' });
});

describe('beside others', () => {
  test('what a person says while a run waits for the ticket stays', async () => {
    const at = await watched();
    await at.finds('medium');
    const held = await at.db.transaction().execute(async (trx) => {
      await override(trx, await at.one(), { severity: 'low', reason: 'a test system' }, 'ann');
      const running = at.finds('critical');
      await expect.poll(waiting(at.db), { timeout: 10_000 }).toBeGreaterThan(0);
      return { running };
    });
    expect(await held.running).toMatchObject({
      severity: 'low',
      severity_found: 'critical',
      occurrences: 2,
    });
    expect((await at.events()).map(({ event }) => event)).toEqual(['opened', 'rated']);
  });

  test('who writes the severity without knowing of it changes only what was found', async () => {
    const at = await watched();
    await at.finds('medium');
    const { ticket: rated } = await at.rates('high');
    // As the version before did it, and as the platform's own code may.
    await sql`UPDATE bot_tickets SET severity = 'info'`.execute(at.db);
    expect(await at.one()).toMatchObject({
      severity: 'high',
      severity_found: 'info',
      version: rated.version,
    });
    const half = sql`UPDATE bot_tickets SET severity_override_by = NULL`.execute(at.db);
    await expect(half).rejects.toThrow('bot_tickets_override_check');
  });
});
