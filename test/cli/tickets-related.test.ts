import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertAction, insertKnowledge } from './known.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let bot: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
});

const about = (component: string, check = 'is-well') =>
  JSON.stringify({ component, check }) as never;
const ended = {
  status: 'resolved',
  resolved_at: ago(60),
  resolved_by: 'ann',
  resolution_notes: 'mended',
} as const;

async function ticket(title: string, fingerprint: string, values: object) {
  const over = 'status' in values ? { resolved_at: ago(60), resolution_method: 'cleared' } : {};
  const finding_id = await insertFinding(db, bot, title, { fingerprint, ...over } as never);
  return {
    finding_id,
    name: await insertTicket(db, bot, title, { fingerprint, finding_id, ...values }),
  };
}

test('its problem earlier, its component now, and what ended tickets of its check', async () => {
  const named = await insertKnowledge(db, 'restart');
  const healed = await insertKnowledge(db, 'vacuum');
  await ticket('disk was full', 'disk', {
    ...ended,
    metadata: about('disk'),
    cure_knowledge_id: named,
  });
  const { finding_id: finding } = await ticket('tape was full', 'tape', {
    ...ended,
    metadata: about('tape'),
  });
  await insertAction(db, bot, 'held', 60, {
    finding_id: finding,
    knowledge_id: healed,
    fingerprint: 'tape',
  });
  await ticket('of another check', 'else', {
    ...ended,
    metadata: about('disk', 'is-fast'),
    cure_knowledge_id: healed,
  });
  await ticket('disk is slow', 'slow', { metadata: about('disk', 'is-fast') });
  await ticket('tape is slow', 'tape-slow', { metadata: about('tape', 'is-fast') });
  const { name } = await ticket('disk is full', 'disk', { metadata: about('disk') });

  const { out } = await roundsman(url, 'tickets', 'related', name);
  const [, earlier, beside, cures] = out.split(/\n(?=The same problem|Other problems|What ended)/);
  expect(earlier).toContain('disk was full');
  expect(beside).toContain('disk is slow');
  expect(beside).not.toContain('tape is slow');
  expect(cures).toMatch(/restart +1 +not decided yet/);
  expect(cures).toMatch(/vacuum +1 +1 of 1 heal /);
  const { code, json } = await roundsman(url, 'tickets', 'related', name, '--json');
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    earlier: [{ title: 'disk was full' }],
    beside: [{ title: 'disk is slow' }],
    cures: [
      { name: 'restart', tickets: 1, decided: 0 },
      { name: 'vacuum', tickets: 1, decided: 1, held: 1 },
    ],
  });
});

test('a ticket without any of these says so, in each place', async () => {
  const { name } = await ticket('alone', 'alone', {});
  const { out } = await roundsman(url, 'tickets', 'related', name);
  expect(out).toContain('It had no other ticket.');
  expect(out).toContain('The ticket names no component, so none can be looked for.');
  expect(out).toContain('Nothing that is known has ended one.');
});
