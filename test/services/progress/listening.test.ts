/** What `status` and the doctor say about who listens for what other systems send. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { examineListener } from '../../../src/services/doctor/listener.ts';
import { ofOneMoment, readFacts } from '../../../src/services/progress/facts.ts';
import { needs } from '../../../src/services/progress/needs.ts';
import { ago, insertBot, insertNode } from '../../cli/rows.ts';
import { testDatabase } from '../../support/database.ts';

const { db } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  await sql`TRUNCATE engine.listeners, engine.nodes`.execute(db);
  await insertNode(db, 'up');
});

const facts = () => ofOneMoment(db, readFacts);
const need = async () => needs(await facts()).find(({ kind }) => kind === 'listener_gone');
const diagnosis = async () => examineListener(await facts());

const source = (values: object = {}) =>
  insertBot(db, 'alarms', { api_endpoint: 'in:alarms', created_at: ago(5), ...values });
const reporter = (values: object = {}) =>
  insertBot(db, 'mail', {
    api_endpoint: 'https://app.example.com/mail',
    config: { contract: 'async' },
    created_at: ago(5),
    ...values,
  });
const listener = (values: object = {}) =>
  db
    .insertInto('engine.listeners')
    .values({
      id: randomUUID(),
      role: 'web',
      host: 'elsewhere',
      pid: 7,
      address: '127.0.0.1:8420',
      heartbeat_at: sql<Date>`engine.now()`,
      ...values,
    })
    .execute();

test('where nothing is sent, nothing has to listen', async () => {
  await insertBot(db, 'signed', { api_endpoint: 'https://app.example.com/x', created_at: ago(5) });
  expect([await need(), await diagnosis()]).toEqual([undefined, []]);
});

test.each([
  ['a source', () => source(), '1 source sends'],
  ['a paused source', () => source({ status: 'paused' }), '1 source sends'],
  ['a bot that reports later', () => reporter(), '1 asynchronous bot sends'],
])('%s needs a listener', async (_, insert, sends) => {
  await insert();
  const what = `no process listens: what ${sends} does not arrive`;
  const advice = 'start `npx roundsman web`; `npx roundsman up` listens, too';
  expect(await need()).toEqual({ kind: 'listener_gone', what, try: advice });
  expect(await diagnosis()).toEqual([
    { subject: 'Listener', status: 'fail', detail: what, hint: advice },
  ]);
  await listener();
  expect(await need()).toBeUndefined();
  expect(await diagnosis()).toEqual([
    {
      subject: 'Listener',
      status: 'ok',
      detail: expect.stringMatching(
        // Which secrets the process that listens can open is known to it alone.
        new RegExp(
          `^web 7 on elsewhere listens on 127\\.0\\.0\\.1:8420 for what ${sends}${sends.includes('source') ? '; whether it can open the secrets of sources is not known here: .*' : ''}$`,
        ),
      ),
      hint: null,
    },
  ]);
});

test('a disabled source, and a bot that is not active, need none', async () => {
  await source({ status: 'disabled' });
  await reporter({ status: 'paused' });
  expect(await need()).toBeUndefined();
});

test('one that went silent is missing, and says since when', async () => {
  await source();
  await reporter();
  await listener({ heartbeat_at: ago(7) });
  expect((await need())!.what).toBe(
    'no process listens (last sign of one 7m ago: web 7 on elsewhere): what 1 source and 1 asynchronous bot send does not arrive',
  );
});

test('a process that cannot listen says why, and does not hide one that listens', async () => {
  await source();
  await listener({ role: 'up', problem: 'listen EADDRINUSE: address already in use' });
  expect(await need()).toMatchObject({
    what: 'up 7 on elsewhere cannot listen on 127.0.0.1:8420 (listen EADDRINUSE: address already in use): what 1 source sends does not arrive',
    try: expect.stringContaining('ROUNDSMAN_WEB_PORT'),
  });
  await listener();
  expect(await need()).toBeUndefined();
});

test('a source that was added just now is given time; the doctor does not wait', async () => {
  await source({ created_at: sql`engine.now()` });
  expect(await need()).toBeUndefined();
  expect(await diagnosis()).toMatchObject([{ status: 'fail' }]);
});
