/** What the sentinel may do: ask an app once, and, where an admin allows it, put the app into maintenance. */
import type { RequestListener } from 'node:http';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { setAppStatus } from '../../bots/remedies/app.set-status.ts';
import { warmUpApp } from '../../bots/remedies/app.warm-up.ts';
import { remedies } from '../../bots/index.ts';
import { sentinel } from '../../bots/sentinel.ts';
import { NotAppliedError } from '../../src/bot.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { allowHosts, anApp, databaseOfApps } from '../support/apps.ts';
import { applyRemedy } from '../support/check.ts';
import { anEngine } from '../support/engine.ts';
import { serveHttp } from '../support/http-server.ts';
import { nothingHeldOut, run, set } from '../support/runs.ts';

const db = await databaseOfApps();

const warmUp = (component: string, params = {}) =>
  applyRemedy(warmUpApp, db, params, { target: { component } });

async function serve(listener: RequestListener) {
  const asked: string[] = [];
  const at = await serveHttp((incoming, answer) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    listener(incoming, answer);
  });
  await allowHosts(db, at.host);
  return { ...at, asked };
}

describe('app.warm-up', () => {
  test('asks the app of the finding once, at the address of the catalogue', async () => {
    const { url, asked } = await serve((_, answer) => answer.writeHead(500).end('x'.repeat(9_999)));
    await anApp(db, 'shop', `${url}/start?now`);
    await anApp(db, 'other', `${url}/other`);
    expect(await warmUp('shop')).toMatchObject({
      summary: expect.stringMatching(/^asked shop: 500 after \d+ ms$/),
      after: { status: 500 },
      wasDone: false,
    });
    expect(asked).toEqual(['GET /start?now']);
  });

  test('without an answer is applied all the same: it may have started the app', async () => {
    const { url } = await serve(() => {});
    await anApp(db, 'shop', url);
    expect(await warmUp('shop', { timeout_seconds: 1 })).toMatchObject({
      summary: expect.stringContaining('asked shop, without an answer: '),
      after: { status: null, fault: 'timeout' },
    });
  });

  test('asks nothing that the guard does not allow, and nothing that is no app', async () => {
    const { url, asked } = await serve((_, answer) => answer.end());
    await allowHosts(db);
    await anApp(db, 'private', url);
    await anApp(db, 'metadata', 'http://169.254.169.254/');
    await anApp(db, 'file', 'file:///etc/passwd');
    await anApp(db, 'nowhere', null);
    for (const app of ['private', 'metadata', 'file', 'nowhere', 'unknown', url])
      await expect(warmUp(app)).rejects.toThrow(NotAppliedError);
    expect(asked).toEqual([]);
  });

  test('takes no address as a parameter', () => {
    expect(() => warmUpApp.params.parse({ url: 'http://10.0.0.1/' })).toThrow('url');
    expect(() => warmUpApp.params.parse({ app: 'shop' })).toThrow('app');
  });
});

test('app.set-status acts on the app of the finding, unless it is given one', async () => {
  await anApp(db, 'shop', null);
  await anApp(db, 'other', null);
  const statuses = async () =>
    Object.fromEntries(
      (await db.selectFrom('app_catalog').select(['slug', 'status']).execute()).map((row) => [
        row.slug,
        row.status,
      ]),
    );
  const set = (params: object) =>
    applyRemedy(
      setAppStatus,
      db,
      { status: 'maintenance', ...params },
      { target: { component: 'shop' } },
    );
  expect(await set({})).toMatchObject({ wasDone: false, isDone: true });
  expect(await statuses()).toEqual({ shop: 'maintenance', other: 'active' });
  await set({ app: 'other' });
  expect(await statuses()).toEqual({ shop: 'maintenance', other: 'maintenance' });
});

test('a sleeping app is found after three runs, started by one request, and resolved after the next', async () => {
  const engine = await anEngine({ name: 'postgres' }, catalogueOf([sentinel], remedies));
  let asked = 0;
  let awake = false;
  const { url, host } = await serveHttp((incoming, answer) => {
    // Only the remedy asks without these headers.
    if (incoming.headers['cache-control'] === undefined) {
      asked += 1;
      awake = true;
    }
    answer.writeHead(awake ? 200 : 503).end('<html><script></script></html>');
  });
  await allowHosts(engine.db, host);
  await anApp(engine.db, 'shop', url);
  const open = async () =>
    (
      await engine.db
        .selectFrom('bot_findings')
        .select('title')
        .where('resolved_at', 'is', null)
        .execute()
    ).map(({ title }) => title);
  for (const _ of [1, 2]) {
    await run(engine, 'sentinel');
    expect([await open(), asked]).toEqual([[], 0]);
  }
  await run(engine, 'sentinel');
  const actions = await engine.db
    .selectFrom('bot_actions')
    .select(['remedy', 'state', 'component'])
    .execute();
  expect(asked).toBe(1);
  expect(actions).toEqual([{ remedy: 'app.warm-up', state: 'verified', component: 'shop' }]);
  // The check after the request was the first clean one in a row.
  expect(await open()).toHaveLength(1);
  await run(engine, 'sentinel');
  expect([await open(), asked]).toEqual([[], 1]);
});

test('a broken app is put into maintenance only where an admin has allowed it, and is not called well then', async () => {
  const engine = await anEngine({ name: 'postgres' }, catalogueOf([sentinel], remedies));
  const { url, host } = await serveHttp((_, answer) => answer.writeHead(500).end());
  await allowHosts(engine.db, host);
  await anApp(engine.db, 'shop', url);
  await nothingHeldOut(engine.db);
  await sql`UPDATE bots SET confirm = 1`.execute(engine.db);
  await set(engine.db, 'mode', 'auto');
  const state = async () => {
    const { status } = await engine.db
      .selectFrom('app_catalog')
      .select('status')
      .executeTakeFirstOrThrow();
    const actions = await engine.db.selectFrom('bot_actions').select(['remedy', 'state']).execute();
    const open = await engine.db
      .selectFrom('bot_findings')
      .select('title')
      .where('resolved_at', 'is', null)
      .execute();
    return { status, actions, open: open.length };
  };
  await run(engine, 'sentinel');
  expect(await state()).toEqual({ status: 'active', actions: [], open: 1 });

  await sql`UPDATE bot_knowledge SET autonomy = 'auto' WHERE name = 'app.maintenance'`.execute(
    engine.db,
  );
  await run(engine, 'sentinel');
  // No run looks at an app in maintenance, so whether it is well again is not known.
  const after = {
    status: 'maintenance',
    actions: [{ remedy: 'app.set-status', state: 'applied' }],
    open: 1,
  };
  expect(await state()).toEqual(after);
  await run(engine, 'sentinel');
  await run(engine, 'sentinel');
  expect(await state()).toEqual(after);
});
