/** The names of each kind that a person may go on typing. */
import { expect, test } from 'vitest';
import { askSoon } from '../../../src/cli/session/ask-soon.ts';
import { namesThatBegin, type NameKind } from '../../../src/services/completion/names.ts';
import { insertAction, insertKnowledge } from '../../cli/known.ts';
import { insertBot, insertFinding, insertRun, insertTicket } from '../../cli/rows.ts';
import { testDatabase } from '../../support/database.ts';

const { db, url } = await testDatabase();

test('each kind has its own, those that begin like this', async () => {
  const bot = await insertBot(db, 'watch', { display_name: 'The watch' });
  await insertBot(db, 'other');
  await insertBot(db, 'alarms', { display_name: 'Alarms', api_endpoint: 'in:alarms' });
  await insertKnowledge(db, 'sweep');
  const finding = await insertFinding(db, bot, 'it is broken', { affected_component: '/v1' });
  await insertTicket(db, bot, 'it is broken', {
    finding_id: finding,
    status: 'assigned',
    assigned_to: 'ann',
  });
  const run = await insertRun(db, bot, 1);
  const action = await insertAction(db, bot, 'held', 60, {});
  await db
    .insertInto('engine.secrets')
    .values({ name: 'TOKEN', variable: 'TOKEN', changed_by: 'ann' })
    .execute();
  await db.insertInto('engine.channels').values({ name: 'ops' }).execute();
  await db
    .insertInto('bot_silences')
    .values({ owner: 'ann', reason: 'known', until_resolved: true, component: '/v1' })
    .execute();
  const expected: Record<NameKind, [begin: string, name: string, about: string] | null> = {
    bot: ['wa', 'watch', 'The watch'],
    // No bot that is none of these.
    source: ['', 'alarms', 'Alarms'],
    ticket: ['t-', 'T-1', 'it is broken'],
    knowledge: ['sw', 'sweep', 'api'],
    component: ['/', '/v1', ''],
    category: ['a', 'api', ''],
    person: ['a', 'ann', ''],
    channel: ['o', 'ops', ''],
    job: null,
    'job-run': null,
    group: null,
    secret: ['T', 'TOKEN', ''],
    run: [run.slice(0, 5), run.slice(0, 8), 'success'],
    finding: [finding.slice(0, 5).toUpperCase(), finding.slice(0, 8), 'it is broken'],
    action: [action.slice(0, 5), action.slice(0, 8), 'Expire sessions'],
    silence: ['', expect.any(String) as unknown as string, 'known'],
    window: null,
  };
  for (const [kind, wanted] of Object.entries(expected)) {
    const found = await namesThatBegin(db, kind as NameKind, wanted?.[0] ?? '');
    if (wanted) expect(found, kind).toEqual([{ name: wanted[1], about: wanted[2] }]);
    expect(await namesThatBegin(db, kind as NameKind, 'zz%'), kind).toEqual([]);
  }
  expect(await namesThatBegin(db, 'ticket', '1')).toMatchObject([{ name: 'T-1' }]);
});

test('a question that fails, or takes long, has no answer', async () => {
  process.env.DATABASE_URL = url;
  expect(await askSoon(() => Promise.reject(new Error('no')), 'none')).toBe('none');
  expect(await askSoon(() => new Promise(() => {}), 'none')).toBe('none');
  expect(await askSoon(() => Promise.resolve('some'), 'none')).toBe('some');
});
