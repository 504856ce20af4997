import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { testDatabase } from '../support/database.ts';
import {
  columnsOf,
  differencesOf,
  madeByHand,
  platform,
  schemaOf,
  valuesOf,
  wrongLedgers,
} from './adopt-platform.ts';

const reference = schemaOf((await testDatabase()).db);

describe('rows that only their owner can put right', () => {
  const bot = "'b0000000-0000-4000-8000-000000000001'";
  const user = (number: number) => `'a0000000-0000-4000-8000-00000000000${number}'`;
  const finding = (values: string) =>
    `INSERT INTO bot_findings (bot_id, category, title, severity, resolved_at, resolution_method) VALUES (${values})`;
  const ticket = (values: string) =>
    `INSERT INTO bot_tickets (bot_id, severity, title, description, status, assigned_to, resolved_at, resolution_notes) VALUES (${values})`;
  const run = (values: string) =>
    `INSERT INTO bot_executions (bot_id, status, started_at, completed_at) VALUES (${values})`;
  const aBot = (values: string) =>
    `INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, status, failed_runs) VALUES (${values})`;

  /** A wrong row, the difference that names it, and what mends it if the offered statement cannot. */
  const wrong: [statement: string, said: RegExp, mend?: string][] = [
    [
      `UPDATE profiles SET role = 'superuser' WHERE id = ${user(3)}`,
      /^profiles: role is not one of user, admin, owner, in 1 row, such as a0\S+3 \(say which it is\)$/,
      "UPDATE profiles SET role = 'user' WHERE role = 'superuser'",
    ],
    [
      `UPDATE transactions SET status = 'disputed' WHERE status = 'pending'`,
      /^transactions: status is not one of pending, completed, failed, refunded, in 1 row/,
      "UPDATE transactions SET status = 'failed' WHERE status = 'disputed'",
    ],
    [
      aBot("'Sentinel Bot', 'S', '@daily', 'bot:s', 'active', 0"),
      /^bots: name is not lower-case letters, digits and hyphens.* in 1 row/,
    ],
    [
      aBot("'stopped', 'S', '@daily', 'bot:s', 'stopped', 0"),
      /^bots: status is not one of active, paused, disabled, error, in 2 rows/,
      "UPDATE bots SET status = 'paused' WHERE coalesce(status, 'stopped') = 'stopped'",
    ],
    [
      aBot("'nothing', 'S', '@daily', 'bot:s', NULL, NULL"),
      /^bots: total_runs, successful_runs or failed_runs is missing or below zero, in 1 row/,
    ],
    [
      run("NULL, 'success', now(), now()"),
      /^bot_executions: bot_id is missing, in 1 row/,
      `UPDATE bot_executions SET bot_id = ${bot} WHERE bot_id IS NULL`,
    ],
    [
      run(`${bot}, 'running', now(), NULL`),
      /^bot_executions: status says that the run has not ended.* in 2 rows/,
    ],
    [run(`${bot}, 'queued', now(), now()`), /^bot_executions: status says/],
    [
      run(`${bot}, 'completed', now(), now()`),
      /^bot_executions: status is not one of success, failed, timeout, cancelled, skipped, in 1 row/,
      "UPDATE bot_executions SET status = 'success' WHERE status = 'completed'",
    ],
    [
      run(`${bot}, 'success', now(), NULL`),
      /^bot_executions: completed_at is missing, and the run has ended, in 1 row/,
    ],
    [
      finding(`NULL, 'c', 't', 'low', NULL, NULL`),
      /^bot_findings: bot_id is missing, in 1 row/,
      `UPDATE bot_findings SET bot_id = ${bot} WHERE bot_id IS NULL`,
    ],
    [
      finding(`${bot}, 'c', 't', 'warning', NULL, NULL`),
      /^bot_findings: severity is not one of critical, high, medium, low, info, in 1 row/,
      "UPDATE bot_findings SET severity = 'medium' WHERE severity = 'warning'",
    ],
    [
      finding(`${bot}, 'c', 't', 'low', now(), 'rebooted'`),
      /^bot_findings: resolution_method is not one of auto-fixed, manual, escalated, cleared, unreported, in 1 row/,
      "UPDATE bot_findings SET resolution_method = 'manual' WHERE resolution_method = 'rebooted'",
    ],
    [
      finding(`${bot}, 'c', 't', 'low', now(), NULL`),
      /^bot_findings: resolution_method is missing, and the finding is resolved, in 1 row/,
    ],
    [
      finding(`${bot}, 'c', 't', 'low', NULL, 'manual'`),
      /^bot_findings: resolution_method is given, and the finding is open, in 1 row/,
    ],
    [
      `INSERT INTO bot_actions (action_type, action_description, success) VALUES ('a', 'b', true)`,
      /^bot_actions: bot_id is missing, in 1 row/,
      `DELETE FROM bot_actions WHERE bot_id IS NULL`,
    ],
    [
      ticket(`NULL, 'low', 't', 'd', 'open', NULL, NULL, NULL`),
      /^bot_tickets: bot_id is missing, in 1 row/,
      `DELETE FROM bot_tickets WHERE bot_id IS NULL`,
    ],
    [
      ticket(`${bot}, 'urgent', 't', 'd', 'open', NULL, NULL, NULL`),
      /^bot_tickets: severity is not one of critical, high, medium, low, info, in 1 row/,
      "UPDATE bot_tickets SET severity = 'high' WHERE severity = 'urgent'",
    ],
    [
      ticket(`${bot}, 'low', 't', 'd', NULL, NULL, NULL, NULL`),
      /^bot_tickets: status is not one of open, assigned, resolved, closed, in 1 row/,
      "UPDATE bot_tickets SET status = 'open' WHERE status IS NULL",
    ],
    [
      ticket(`${bot}, 'low', 't', 'd', 'open', 'ann', NULL, NULL`),
      /^bot_tickets: assigned_to is given, and the ticket is open.* in 1 row/,
    ],
    [
      ticket(`${bot}, 'low', 't', 'd', 'assigned', NULL, NULL, NULL`),
      /^bot_tickets: assigned_to is missing, and the ticket is assigned, in 1 row/,
    ],
    [
      ticket(`${bot}, 'low', 't', 'd', 'closed', NULL, NULL, NULL`),
      /^bot_tickets: resolved_at is missing, and the ticket has ended, in 1 row/,
    ],
    [
      ticket(`${bot}, 'low', 't', 'd', 'open', NULL, now(), NULL`),
      /^bot_tickets: resolved_at is given, and the ticket has not ended, in 1 row/,
    ],
    [
      ticket(`${bot}, 'low', 't', 'd', 'resolved', NULL, now(), NULL`),
      /^bot_tickets: resolution_notes is missing, and the ticket is resolved, in 1 row/,
    ],
    [
      `INSERT INTO bot_tickets (bot_id, finding_id, severity, title, description)
       SELECT bot_id, finding_id, severity, 'Again', description FROM bot_tickets WHERE status = 'assigned' AND finding_id IS NOT NULL`,
      /^bot_tickets: finding_id has another open ticket, and a problem has one at most, in 2 rows/,
      "UPDATE bot_tickets SET status = 'closed', resolved_at = now() WHERE title = 'Again'",
    ],
    [
      `INSERT INTO bot_knowledge (category, issue_pattern, solution) VALUES ('c', 'ab', 's')`,
      /^bot_knowledge: issue_pattern is not 3 to 512 characters long, in 1 row/,
      `DELETE FROM bot_knowledge WHERE issue_pattern = 'ab'`,
    ],
    [
      `INSERT INTO javari_projects (user_id, name, parent_project_id) SELECT ${user(2)}, 'Foreign', id FROM javari_projects WHERE name = 'Harbour'`,
      /^javari_projects: parent_project_id is a project of another user, in 1 row/,
    ],
    [
      `UPDATE javari_projects SET parent_project_id = (SELECT id FROM javari_projects WHERE name = 'Crane') WHERE name = 'Harbour'`,
      /^javari_projects: parent_project_id lies below the project itself, in 2 rows/,
      `UPDATE javari_projects SET parent_project_id = NULL WHERE name = 'Harbour'`,
    ],
    [
      `UPDATE organizations SET max_members = 1`,
      /^organizations: max_members is below the number of members, in 1 row/,
    ],
    [
      `UPDATE support_groups SET max_members = 0`,
      /^support_groups: max_members is below the number of members, in 1 row/,
    ],
    [
      `UPDATE credits SET balance_after = 41 WHERE user_id = ${user(5)}`,
      /^credits: balance_after is not the previous balance plus the amount, in whatever order these bookings are read, in 3 rows/,
      'UPDATE credits c SET balance_after = s.balance FROM (SELECT id, sum(amount) OVER (PARTITION BY user_id ORDER BY created_at NULLS FIRST, id) AS balance FROM credits) s WHERE s.id = c.id AND c.balance_after <> s.balance',
    ],
    // A cycle of bookings that no other booking leads to, although each balance is left as often as it is reached.
    [
      `INSERT INTO credits (user_id, amount, type, balance_after) VALUES (${user(5)}, 5, 'bonus', 505), (${user(5)}, -5, 'usage', 500)`,
      /^credits: balance_after/,
    ],
    [
      `UPDATE profiles SET credits = 100 WHERE id = ${user(3)}`,
      /^profiles: credits is not the sum of the bookings in credits, in 1 row, such as a0\S+3 /,
      'UPDATE profiles SET credits = get_user_credits(id) WHERE credits IS DISTINCT FROM get_user_credits(id)',
    ],
  ];

  it('are all named before anything is changed, with what puts them right', async () => {
    const { db } = await madeByHand(platform);
    for (const [statement] of wrong) await sql.raw(statement).execute(db);
    const columns = await columnsOf(db);
    const before = [await schemaOf(db), await valuesOf(db, columns)];
    const differences = await differencesOf(db);
    for (const [, said] of wrong) expect(differences).toContainEqual(expect.stringMatching(said));
    expect(differences).toHaveLength(wrong.length - 2);
    expect([await schemaOf(db), await valuesOf(db, columns)]).toEqual(before);

    // By hand where a value must be chosen, otherwise with the statement in parentheses.
    for (const [, , mend] of wrong) if (mend) await sql.raw(mend).execute(db);
    for (const [, said, mend] of wrong) {
      const [, offered] = /\(((?:stop what runs the bots, then )?UPDATE .*)\)$/.exec(
        differences.find((difference) => said.test(difference))!,
      ) ?? [null, mend ?? ''];
      if (!mend) await sql.raw(offered.replace(/^stop.* then /, '')).execute(db);
    }
    await migrateToLatest(db);
    expect(await schemaOf(db)).toEqual(await reference);
    expect(await wrongLedgers(db)).toEqual([]);
  });

  it('may keep the balance that a user has: the second offered statement books the difference', async () => {
    const { db } = await madeByHand(platform, `UPDATE profiles SET credits = credits + 90`);
    const [difference] = await differencesOf(db);
    const [, offered] = /if profiles\.credits is: (.*)\)$/.exec(difference!)!;
    await sql.raw(offered!).execute(db);
    await migrateToLatest(db);
    expect(await wrongLedgers(db)).toEqual([]);
    const { rows } = await sql`SELECT sum(credits)::int AS credits FROM profiles`.execute(db);
    expect(rows).toEqual([{ credits: 155 + 5 * 90 }]);
  });
});
