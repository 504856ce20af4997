import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { escalateTickets } from '../../jobs/escalate-tickets.ts';
import { insertBot } from '../cli/rows.ts';
import { backends, type Backend } from '../support/backends.ts';
import { movableClock } from '../support/clocks.ts';
import { startFlow } from '../support/engine.ts';
import { aRun, carried, noBots } from './job-flow.ts';

const [postgres] = backends as [Backend];

test('the job moves all tickets that are due, batch after batch, and done again it moves none', async () => {
  const { db, jobEngine } = await startFlow(postgres, noBots, {
    jobs: [escalateTickets],
    roles: ['scheduler'],
  });
  const later = await movableClock(db);
  const bot = await insertBot(db, 'pages', { status: 'disabled' });
  await sql`
    INSERT INTO bot_tickets (bot_id, fingerprint, severity, title, description, status, assigned_to)
    SELECT ${bot}::uuid, 'f' || n, 'high', 'x', 'x', 'assigned', 'javari' FROM generate_series(1, 1200) n`.execute(
    db,
  );
  const job = async () => (await carried(jobEngine, await aRun(db, escalateTickets))).figures;
  expect(await job()).toEqual({ asked: 1_200, escalated: 0, reminded: 0, raised: 0 });
  expect(await job()).toMatchObject({ asked: 0 });
  await later(1_800);
  expect(await job()).toEqual({ asked: 1_200, escalated: 1_200, reminded: 0, raised: 0 });
  expect(await job()).toMatchObject({ asked: 0 });
  const { rows } = await sql`
    SELECT assigned_to, count(*)::int, (SELECT count(*)::int FROM bot_ticket_events WHERE event = 'escalated') AS events
    FROM bot_tickets GROUP BY 1`.execute(db);
  expect(rows).toEqual([{ assigned_to: 'admin', count: 1_200, events: 1_200 }]);

  await sql`UPDATE engine.policies SET policy = '{}'`.execute(db);
  await later(1_800);
  expect(await job()).toMatchObject({ asked: 1_200, escalated: 0, unreadable: [1] });
});
