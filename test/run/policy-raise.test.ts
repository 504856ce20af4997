/** A severity that the policy has raised, beside the runs of its bot and the people who look after its tickets. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { addPolicy } from '../../src/data/escalation/policies.ts';
import { escalateDue } from '../../src/services/policy/escalate.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { reopenTicket } from '../../src/services/tickets/reopen.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { clearSeverity, overrideSeverity } from '../../src/services/tickets/severity.ts';
import { problem } from '../support/builders.ts';
import { movableClock } from '../support/clocks.ts';
import { set } from '../support/runs.ts';
import { tellers } from './teller.ts';

const ticket = 'T-1';
const day = 86_400;

async function watched() {
  const bots = await tellers({ watch: {} });
  const { db } = bots;
  await set(db, 'mode', 'off');
  await addPolicy(db, { rules: [{ raise_after: '24h' }] }, 'ann');
  const one = async () => (await bots.tickets())[0]!;
  return {
    db,
    one,
    ann: { db, actor: { name: 'ann', role: 'operator' as const } },
    later: await movableClock(db),
    job: async () => {
      await db.transaction().execute((trx) => escalateDue(trx, 100));
      return one();
    },
    async finds(severity: ReportedSeverity | null) {
      const findings = severity ? [problem('disk', { severity })] : [];
      await bots.say('watch', { examined: ['disk'], findings });
      return one();
    },
    events: async () =>
      (
        await db
          .selectFrom('bot_ticket_events')
          .select(['event', 'actor', 'detail'])
          .orderBy('id')
          .execute()
      ).map(({ event, actor, detail }) => ({ event, actor, ...(detail as object) })),
  };
}

const notOverridden = {
  severity_override: null,
  severity_override_by: null,
  severity_override_reason: null,
  severity_found: null,
};

test('what is not acknowledged for a day becomes one severity worse, once, and runs that find it as before leave it so', async () => {
  const at = await watched();
  await at.finds('medium');
  await at.later(day - 60);
  expect(await at.job()).toMatchObject({ severity: 'medium' });
  await at.later(60);
  const raised = await at.job();
  expect(raised).toMatchObject({
    severity: 'high',
    severity_override: 'high',
    severity_override_by: 'policy',
    severity_override_reason: 'not acknowledged for 1d',
    severity_found: 'medium',
    // As when a run finds it so: the person for what is high, and its clock begins anew.
    assigned_to: 'javari',
    escalation_step: 0,
  });
  expect(raised.escalation_began_at.getTime()).toBe(raised.policy_raised_at!.getTime());
  expect((await at.events()).at(-1)).toMatchObject({
    event: 'raised',
    actor: 'policy',
    from: 'medium',
    to: 'high',
    reason: 'not acknowledged for 1d',
    assigned_to: 'javari',
  });
  for (const found of ['medium', 'low', 'high'] as const)
    expect(await at.finds(found)).toMatchObject({ severity: 'high', severity_found: found });
  await at.later(10 * day);
  expect(await at.job()).toMatchObject({ severity: 'high' });
});

test('a run that finds it worse than the policy made it is believed', async () => {
  const at = await watched();
  await at.finds('medium');
  await at.later(day);
  await at.job();
  expect(await at.finds('critical')).toMatchObject({ severity: 'critical', ...notOverridden });
  expect((await at.events()).at(-1)).toMatchObject({
    event: 'raised',
    actor: 'roundsman',
    from: 'high',
    to: 'critical',
  });
  // And from then on it is as runs find it, and raised no second time.
  expect(await at.finds('medium')).toMatchObject({ severity: 'medium', ...notOverridden });
  await at.later(10 * day);
  expect(await at.job()).toMatchObject({ severity: 'medium' });
});

test('what a person sets stays, before and after', async () => {
  const at = await watched();
  await at.finds('medium');
  await overrideSeverity(at.ann, { ticket, severity: 'low', reason: 'a test system' });
  await at.later(2 * day);
  expect(await at.job()).toMatchObject({ severity: 'low', severity_override_by: 'ann' });

  await clearSeverity(at.ann, { ticket });
  await at.later(day);
  expect(await at.job()).toMatchObject({ severity: 'high', severity_override_by: 'policy' });
  await overrideSeverity(at.ann, { ticket, severity: 'medium', reason: 'enough' });
  expect(await at.finds('critical')).toMatchObject({
    severity: 'medium',
    severity_override_by: 'ann',
  });
});

test('a person may take back what the policy made of it, and it is not raised again', async () => {
  const at = await watched();
  await at.finds('medium');
  await at.later(day);
  await at.job();
  await clearSeverity(at.ann, { ticket });
  expect(await at.one()).toMatchObject({ severity: 'medium', ...notOverridden });
  await at.later(5 * day);
  expect(await at.job()).toMatchObject({ severity: 'medium' });
});

test('an acknowledgement keeps it from being raised', async () => {
  const at = await watched();
  await at.finds('medium');
  await acknowledgeTicket(at.ann, { ticket });
  await at.later(5 * day);
  expect(await at.job()).toMatchObject({ severity: 'medium', acknowledged_by: 'ann' });
});

test.each(['a run', 'a person'])(
  'reopened by %s it is as runs find it, and may be raised again',
  async (by) => {
    const at = await watched();
    await at.finds('medium');
    await at.later(day);
    expect(await at.job()).toMatchObject({ severity: 'high' });
    if (by === 'a run') {
      await at.finds(null);
      expect(await at.one()).toMatchObject({ status: 'resolved', severity: 'high' });
      await at.finds('low');
      await sql`UPDATE engine.settings SET value = value || '{"tickets_from": "low"}' WHERE key = 'escalation'`.execute(
        at.db,
      );
      expect(await at.finds('low')).toMatchObject({
        status: 'assigned',
        severity: 'low',
        ...notOverridden,
      });
      expect(
        (await at.events())
          .slice(-2)
          .map(({ event }) => event)
          .toSorted(),
      ).toEqual(['lowered', 'reopened']);
    } else {
      await resolveTicket(at.ann, { ticket: await at.one(), cure: undefined, notes: 'x' });
      await reopenTicket(at.ann, { ticket, reason: 'x' });
      expect(await at.one()).toMatchObject({ severity: 'medium', ...notOverridden });
    }
    expect(await at.one()).toMatchObject({ policy_raised_at: null });
    const { severity } = await at.one();
    await at.later(day);
    expect(await at.job()).toMatchObject({ severity: severity === 'low' ? 'medium' : 'high' });
  },
);
