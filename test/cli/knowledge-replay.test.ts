import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { match } from '../../src/heal/match.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { replay } from '../../src/services/knowledge/replay.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertHeal, insertKnowledge } from './knowledge-rows.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const botId = await insertBot(db, 'watch');
const replayed = (...args: string[]) => roundsman(url, 'knowledge', 'test', ...args);
const found = async (...args: string[]) => (await replayed(...args, '--json')).json();
const titles = ({ examples }: any) => examples.map(({ title }: any) => title).toSorted();

test('a pattern is refused at the door, before any database is asked', async () => {
  for (const [pattern, why] of [
    ['a.b', 'at least 3 characters'],
    ['(disk', 'missing closing )'],
    ['disk(?!s)', 'at character 5'],
  ] as const) {
    const { code, err } = await roundsman(undefined, 'knowledge', 'test', pattern);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
    expect(err).not.toContain('database:');
  }
  const { code, err } = await replayed('disk', '--since', 'yesterday');
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('--since') });
});

test('it is asked about title, description and component, whatever their case', async () => {
  await insertFinding(db, botId, 'The DISK is full', { last_seen_at: ago(10) });
  await insertFinding(db, botId, 'slow', { description: 'no room on disk is', fingerprint: 'one' });
  await insertFinding(db, botId, 'slow again', {
    description: 'still no disk is',
    fingerprint: 'one',
    resolved_at: ago(1),
    resolution_method: 'cleared',
  });
  await insertFinding(db, botId, 'other', { affected_component: 'disk issue', category: 'host' });
  await insertFinding(db, botId, 'bare', { affected_component: null });
  await insertFinding(db, botId, 'old disk is', { last_seen_at: ago(8 * 24 * 60) });

  const all = await found('disk is', '--since', '7d');
  expect(all).toMatchObject({
    issue_pattern: 'disk is',
    examined: 5,
    matched: 4,
    fingerprints: 3,
    unexamined: 0,
    cut: null,
    wrongly: [],
  });
  expect(titles(all)).toEqual(['The DISK is full', 'other', 'slow', 'slow again']);
  expect(titles(await found('disk is'))).toContain('old disk is');
  expect(await found('disk is', '--category', 'host')).toMatchObject({ examined: 1, matched: 1 });
  const none = await replayed('never seen');
  expect(none).toMatchObject({ code: 0, out: expect.stringMatching(/^Matched +none$/m) });
  const shown = await replayed('disk is', '--since', '7d');
  expect(shown.out).toMatch(
    /^Examined +5 findings of the last 7d\nMatched +4 findings of 3 problems$/m,
  );
  expect(shown.out).toMatch(/^\w{8} +high +The DISK is full +\/v1 +api +10m ago$/m);
});

test('what another entry cured is told: by a ticket or by a heal that held', async () => {
  const cron = await insertKnowledge(db, 'cron.restart', { issue_pattern: 'cron stands' });
  const same = await insertKnowledge(db, 'queue.same', { issue_pattern: 'queue grows' });
  const finding = (fingerprint: string) =>
    insertFinding(db, botId, `queue grows: ${fingerprint}`, { fingerprint });
  const over = { status: 'resolved', resolved_at: ago(0), resolution_notes: 'done' } as const;

  const ticketed = await finding('ticketed');
  await insertTicket(db, botId, 't', { ...over, finding_id: ticketed, cure_knowledge_id: cron });
  const reopened = await finding('reopened');
  await insertTicket(db, botId, 't', {
    ...over,
    created_at: ago(60),
    fingerprint: 'reopened',
    cure_knowledge_id: cron,
  });
  for (const [state, fingerprint, knowledge] of [
    ['held', 'healed', cron],
    ['relapsed', 'relapsed', cron],
    ['held', 'by the same pattern', same],
  ] as const)
    await insertHeal(db, botId, knowledge, state, {
      finding_id: await finding(fingerprint),
      fingerprint,
    });
  // Twice cured: one finding all the same.
  await insertHeal(db, botId, cron, 'held', { finding_id: reopened });
  // A ticket of that problem from long before this finding says nothing about it.
  await finding('long ago');
  await insertTicket(db, botId, 't', {
    ...over,
    created_at: ago(9000),
    resolved_at: ago(8000),
    fingerprint: 'long ago',
    cure_knowledge_id: cron,
  });

  const result = await found('queue grows');
  expect(result).toMatchObject({ matched: 6, fingerprints: 6 });
  expect(result.wrongly).toEqual([
    {
      knowledge_id: cron,
      name: 'cron.restart',
      findings: 3,
      tickets: 2,
      heals: 2,
      example: expect.any(String),
    },
  ]);
  const { out } = await replayed('queue grows');
  expect(out).toMatch(/^cron\.restart +3 +2 +2 +\w{8}$/m);
  expect((await replayed('disk is')).out).toContain('None is known.');
});

test('it matches what the engine would match, to the last character that is looked at', async () => {
  const base = { description: null, affected_component: 'part' } as const;
  const cases = [
    ['straight', base, 'straight'],
    ['across', base, 'across\\n\\npart'],
    ['lined', { ...base, description: 'two\nlines' }, 'lined\\ntwo\\nlines\\npart'],
    ['anchored', { ...base, description: 'part' }, '^part'],
    ['long', { ...base, description: `${'x'.repeat(16_376)}END` }, 'xEND'],
    ['cut', { ...base, description: `${'x'.repeat(16_378)}END` }, 'xEND'],
    ['wide', { ...base, description: `${'\u{1F600}'.repeat(8_187)}END` }, 'END'],
  ] as const;
  for (const [title, values, pattern] of cases) {
    await sql`TRUNCATE bot_findings CASCADE`.execute(db);
    await db.deleteFrom('bot_knowledge').execute();
    const id = await insertFinding(db, botId, title, values);
    await insertKnowledge(db, 'k', { issue_pattern: pattern });
    const row = await db
      .selectFrom('bot_findings')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const { candidates } = await match(db, catalogueOf([], []), row as any);
    expect(await found(pattern), title).toMatchObject({ matched: candidates.length });
  }
});

test('many findings are looked at in pages, the newest first, and it says that the rest was left out', async () => {
  await sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint, last_seen_at, resolved_at, resolution_method)
    SELECT ${botId}::uuid, 'low', 'bulk', 'bulk number ' || n, '/v1', 'bulk', n::text, 'bulk-' || n % 7, engine.now() - make_interval(secs => n), engine.now(), 'cleared'
    FROM generate_series(1, 50002) n`.execute(db);
  const result = await found('bulk number', '--category', 'bulk');
  expect(result).toMatchObject({
    examined: 50_000,
    matched: 50_000,
    fingerprints: 7,
    cut: 'findings',
  });
  expect(result.examples.map(({ title }: any) => title)).toEqual(
    Array.from({ length: 10 }, (_, index) => `bulk number ${index + 1}`),
  );
  expect(await found('bulk number 5000[12]$', '--category', 'bulk')).toMatchObject({ matched: 0 });
  const { out } = await replayed('bulk number 1$', '--category', 'bulk');
  expect(out).toMatch(/^Cut +these are the newest; older ones were left out$/m);
});

test('when the time is up it says so, and tells what it knows by then', async () => {
  let looks = 0;
  const options = { since: 86_400, category: 'bulk' };
  const result = await replay(db, 'bulk number', options, () => (looks += 1) > 700);
  expect(result).toMatchObject({ examined: 700, matched: 700, fingerprints: 7, cut: 'time' });
});

test('a finding of which the engine would not know in time is not taken for one that does not match', async () => {
  const description = `zzz${'a'.repeat(16_000)}`;
  await insertFinding(db, botId, 'expensive', { description, category: 'expensive' });
  const args = ['(?:.*a){300}\\W+zzz', '--category', 'expensive'];
  expect(await found(...args)).toMatchObject({ examined: 1, matched: 0, unexamined: 1, cut: null });
  expect((await replayed(...args)).out).toMatch(/^Not known +1 finding: the pattern is too/m);
});

test('nothing of what was found is printed raw', async () => {
  const hostile = 'raw \u001B[31mtext\u202E\u009B';
  await insertFinding(db, botId, hostile, { category: hostile, affected_component: hostile });
  for (const args of [['raw .*text'], ['raw .*text', '--json']]) {
    const { code, out } = await replayed(...args);
    expect(code).toBe(0);
    expect(out).toContain('[31mtext');
    expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  }
});
