/** Playbooks that refer to secrets: the receiver gets the value, and no row of the database has it. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { z } from '../../src/bot.ts';
import { requestUndo } from '../support/transitions.ts';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { healsWithoutSecret } from '../../src/data/secrets/heals-without-secret.ts';
import { storeVariable } from '../../src/data/secrets/rows.ts';
import { openSecrets } from '../../src/run/secrets.ts';
import { aRemedy } from '../support/builders.ts';
import { everythingIn, formsOf, secretScene } from './secret-scene.ts';
import { openRedaction } from '../../src/ground/secrets/redact.ts';

/** A request that can be taken back, so that it may act alone. */
const sending = (...lines: string[]) =>
  [
    'steps:',
    '  - remedy: http.request',
    '    with:',
    ...['url: SERVER/on', 'undo: { url: SERVER/off, method: DELETE }', ...lines].map(
      (line) => `      ${line}`,
    ),
  ].join('\n');

const bearer = sending('headers: { Authorization: "Bearer {{secret:TOKEN}}" }');
const inBody = sending(`body: '{"token":"{{secret:TOKEN}}"}'`);
const token = 'q8Zt4Lr9Xv2Bn7Mw';

type Scene = Awaited<ReturnType<typeof secretScene>>;

async function isNowhere(at: Scene, value: string) {
  const all = await everythingIn(at.db);
  expect(formsOf(value).filter((form) => all.includes(form))).toEqual([]);
}

describe('the value arrives, and is in no row', () => {
  test.each([
    ['quotes', `a"b'c\`d"e`],
    ['ends of lines', 'first line\r\nsecond\nthird one'],
    ['Unicode', 'pässwörd 日本 😀'],
    ['letters of expressions', '.*+?^${}()|[]\\$&'],
    ['a reference', '{{secret:TOKEN}}-{{secret:OTHER}}'],
    ['a common word', 'password'],
    ['the longest', 'x7"ä'.repeat(13_000)],
  ])('with %s', async (_, value) => {
    const at = await secretScene(inBody, {
      answer: ({ body }, response) =>
        response.end(
          // An answer that is longer is not read.
          JSON.stringify({
            echo: body.slice(0, 9_000),
            again: JSON.stringify(body).slice(0, 9_000),
          }),
        ),
    });
    await at.store('TOKEN', value);
    expect(await at.round()).toMatchObject({ status: 'success', actions_taken: 1 });
    expect(JSON.parse(at.seen[0]!.body)).toEqual({ token: value });
    const [action] = await at.actions();
    expect(action).toMatchObject({ state: 'verified' });
    const { params, after } = action!.evidence as { params: { body: string }; after: object };
    expect(params.body).toBe('{"token":"{{secret:TOKEN}}"}');
    expect(JSON.stringify(after)).toContain('{{secret:TOKEN}}');
    // The word itself stands in names of columns and elsewhere.
    if (value !== 'password' && !value.startsWith('{{secret')) await isNowhere(at, value);
  });

  test('in an address, a header, a form and base64 of user and value', async () => {
    const value = 'a&b=c/d+e f%';
    const at = await secretScene(
      sending(
        'headers:',
        '  Authorization: "Basic {{secret:BASIC}}"',
        '  X-Api-Key: "{{secret:KEY}}"',
        '  Content-Type: application/x-www-form-urlencoded',
        'body: "a={{secret:KEY}}"',
      ).replace('url: SERVER/on', 'url: "SERVER/on?key={{secret:KEY}}"'),
      {
        answer: ({ url, headers, body }, response) =>
          response.end(`${url} ${JSON.stringify(headers)} ${body} ann:hunter2000 hunter2000`),
      },
    );
    await at.store('KEY', value);
    await at.store('BASIC', btoa('ann:hunter2000'));
    await at.round();
    const { url, headers, body } = at.seen[0]!;
    expect(new URL(url, 'http://x').searchParams.get('key')).toBe(value);
    expect(headers).toMatchObject({ 'x-api-key': value, authorization: expect.any(String) });
    expect(new URLSearchParams(body).get('a')).toBe(value);
    await isNowhere(at, value);
    await isNowhere(at, 'hunter2000');
  });

  test('where the whole address is a secret', async () => {
    const at = await secretScene(sending().replace('url: SERVER/on', 'url: "{{secret:HOOK}}"'), {
      answer: ({ url }, response) => response.end(`asked for http://x${url}`),
    });
    await at.store('HOOK', `http://${at.host}/services/T000/B000/q8Zt4Lr9Xv2B`);
    await at.round();
    expect(at.seen).toMatchObject([{ url: '/services/T000/B000/q8Zt4Lr9Xv2B' }]);
    expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
    expect((await everythingIn(at.db)).includes(`${at.host}/services`)).toBe(false);
  });

  test('where the answer is cut off in the middle of the value', async () => {
    for (const before of [985, 990, 994]) {
      const at = await secretScene(bearer, {
        answer: (_, response) => response.end('.'.repeat(before) + token + '.'.repeat(500)),
      });
      await at.store('TOKEN', token);
      await at.round();
      expect((await everythingIn(at.db)).includes(token.slice(0, 5))).toBe(false);
    }
  });
});

describe('what a remedy throws is recorded without the value', () => {
  const thrown: [string, (value: string) => unknown][] = [
    ['an error', (value) => new Error(`refused ${value}`)],
    ['one whose message cannot be written', (value) => new DOMException(`refused ${value}`)],
    ['one that is frozen', (value) => Object.freeze(new Error(`refused ${value}`))],
    ['a text', (value) => `refused ${value}`],
    ['something with a text', (value) => ({ toString: () => `refused ${value}` })],
    ['several', (value) => new AggregateError([new Error(`refused ${value}`)])],
    [
      'one that is cut in two',
      (value) => new Error(`refused ${'.'.repeat(1_983)}${value}${value}`),
    ],
  ];
  test.each(thrown)('%s', async (_, error) => {
    const remedy = aRemedy('disk.mend', async () => {}, {
      secrets: true,
      params: z.looseObject({}),
      apply: async (_, { secret }) => {
        throw error(secret('TOKEN'));
      },
    });
    const at = await secretScene(
      'steps: [{ remedy: disk.mend, with: { a: "{{secret:TOKEN}}" } }]',
      {
        remedies: [remedy],
      },
    );
    await at.store('TOKEN', token);
    await at.round();
    expect(await at.actions()).toMatchObject([
      { state: 'failed', error_message: expect.stringContaining('refused') },
    ]);
    expect((await everythingIn(at.db)).includes(token.slice(0, 5))).toBe(false);
  });
});

describe('a secret that cannot be opened does not count against the cure', () => {
  const abortedFor = (why: string) => [
    {
      state: 'aborted',
      applied_at: null,
      error_message: expect.stringContaining(why),
      evidence: { fault: 'secret' },
    },
  ];
  const decided = async ({ db }: Scene) =>
    (await sql`SELECT FROM engine.heals WHERE outcome IS NOT NULL`.execute(db)).rows.length;

  test('not stored: aborted with the command that stores it, nothing is sent, and then it is applied', async () => {
    const at = await secretScene(bearer);
    expect(await at.round()).toMatchObject({ status: 'success', actions_taken: 0 });
    expect(await at.actions()).toMatchObject(abortedFor('npx roundsman secrets set TOKEN'));
    expect([at.seen.length, await decided(at)]).toEqual([0, 0]);
    expect(await healsWithoutSecret(at.db)).toMatchObject({
      count: 1,
      entries: [{ name: 'cure' }],
    });
    await at.store('TOKEN', token);
    await at.round();
    expect(await healsWithoutSecret(at.db)).toMatchObject({ count: 0, entries: [] });
    expect((await at.actions()).map(({ state }) => state)).toEqual(['aborted', 'verified']);
    expect(at.seen[0]!.headers.authorization).toBe(`Bearer ${token}`);
  });

  test('sealed by a key that the worker does not have', async () => {
    const at = await secretScene(bearer);
    const other = readKeyRing(`k2:${Buffer.alloc(32, 7).toString('base64')}`);
    await at.store('TOKEN', token);
    const secrets = openSecrets(
      at.db,
      { keys: other, variable: () => undefined },
      openRedaction(),
      at.engine.emit,
    );
    Object.assign(at.engine, { secrets });
    await at.round();
    expect(await at.actions()).toMatchObject(abortedFor('is not in the key ring'));
    Object.assign(at.engine, {
      secrets: openSecrets(
        at.db,
        { keys: undefined, variable: () => undefined },
        openRedaction(),
        at.engine.emit,
      ),
    });
    await at.round();
    expect((await at.actions())[1]!.error_message).toContain('ROUNDSMAN_KEYS is not set');
    expect(at.seen).toEqual([]);
  });

  test('in a variable: of the worker, which says which one is missing or does not fit', async () => {
    const environment: Record<string, string> = {};
    const at = await secretScene(bearer, { environment });
    await storeVariable(at.db, { name: 'TOKEN', variable: 'MY_TOKEN', actor: 'ann' });
    await at.round();
    environment.MY_TOKEN = 'short';
    await at.round();
    environment.MY_TOKEN = token;
    await at.round();
    expect(await at.actions()).toMatchObject([
      ...abortedFor('the variable MY_TOKEN is not set'),
      ...abortedFor('too short'),
      { state: 'verified' },
    ]);
    await isNowhere(at, token);
  });

  test('never a setting of the engine, whatever the row says', async () => {
    const at = await secretScene(bearer, { environment: { DATABASE_URL: 'postgres://a:b@c/d' } });
    await storeVariable(at.db, { name: 'TOKEN', variable: 'DATABASE_URL', actor: 'ann' });
    await at.round();
    expect(await at.actions()).toMatchObject(abortedFor('is a setting of the engine itself'));
    expect(at.seen).toEqual([]);
  });

  test('a value that does not fit the place where it is used', async () => {
    const at = await secretScene(bearer);
    await at.store('TOKEN', 'two\nlines of it');
    await at.round();
    expect(await at.actions()).toMatchObject(abortedFor('the header Authorization'));
    expect(at.seen).toEqual([]);
  });

  test('removed between decision and application', async () => {
    const first = aRemedy('disk.first', async () => {
      await at.db.deleteFrom('engine.secrets').execute();
    });
    const at: Scene = await secretScene(
      bearer.replace('steps:\n', 'steps:\n  - remedy: disk.first\n'),
      { remedies: [first] },
    );
    await at.store('TOKEN', token);
    await at.round();
    const [, second] = await at.actions();
    expect(second).toMatchObject(abortedFor('is not stored')[0]!);
    expect(at.seen).toEqual([]);
  });

  test('the question about a begun effect waits, and is asked once the secret is there', async () => {
    const at = await secretScene(
      `${bearer}\n      done: { url: SERVER/done, headers: { Authorization: "{{secret:TOKEN}}" } }`,
    );
    await at.round();
    await sql`UPDATE bot_actions SET state = 'intent', settled_at = NULL, error_message = NULL,
              evidence = jsonb_build_object('begun', true, 'params',
                (SELECT jsonb_build_object('url', ${`http://${at.host}/on`}::text, 'method', 'POST', 'timeout_seconds', 5, 'done',
                  jsonb_build_object('url', ${`http://${at.host}/done`}::text, 'missing', '[404]'::jsonb, 'headers',
                    jsonb_build_object('Authorization', '{{secret:TOKEN}}')))))`.execute(at.db);
    await at.round();
    expect(await at.actions()).toMatchObject([{ state: 'intent' }]);
    await at.store('TOKEN', token);
    await at.round();
    expect(at.seen).toMatchObject([{ url: '/done', headers: { authorization: token } }]);
    expect((await at.actions())[0]!.applied_at).not.toBeNull();
  });
});

describe('an undo', () => {
  test('fills in what is stored then, and waits where it is not', async () => {
    const at = await secretScene(
      sending('headers: { Authorization: "Bearer {{secret:TOKEN}}" }').replace(
        'method: DELETE',
        'method: DELETE, headers: { Authorization: "Bearer {{secret:TOKEN}}" }',
      ),
      { answer: ({ headers }, response) => response.end(headers.authorization) },
    );
    await at.store('TOKEN', token);
    await at.round();
    await at.db.deleteFrom('engine.secrets').execute();
    const { id } = (await at.actions())[0]!;
    await requestUndo(at.db, id, 'ann');
    await at.round();
    expect(await at.actions()).toMatchObject([
      { evidence: { undo_delayed: expect.stringContaining('secrets set TOKEN') } },
    ]);
    await at.store('TOKEN', 'another-value-2');
    await at.round();
    expect(at.seen.at(-1)).toMatchObject({
      method: 'DELETE',
      headers: { authorization: 'Bearer another-value-2' },
    });
    expect(await at.actions()).toMatchObject([{ state: 'undone' }]);
    await isNowhere(at, token);
    await isNowhere(at, 'another-value-2');
  });
});

describe('a credential that the playbook contains as plain text', () => {
  const literal = sending(
    'headers: { Authorization: "Bearer ab-literal-12", Cookie: "sid=deadbeef99", X-Other: plain }',
  ).replace('method: DELETE', 'method: DELETE, headers: { X-Api-Key: key-literal-34 }');
  const hidden = ['ab-literal-12', 'deadbeef99', 'key-literal-34'];
  const scene = () =>
    secretScene(literal, {
      answer: ({ headers }, response) => response.end(JSON.stringify(headers)),
    });
  const evidence = async (at: Scene) => JSON.stringify((await at.actions())[0]!.evidence);

  test('is sent, and is not in the evidence: neither its parameters nor what comes back', async () => {
    const at = await scene();
    await at.round();
    expect(at.seen[0]!.headers).toMatchObject({ authorization: 'Bearer ab-literal-12' });
    const kept = await evidence(at);
    for (const each of hidden) expect(kept).not.toContain(each);
    expect(kept).toContain('"X-Other":"plain"');
    expect(kept).toContain('Bearer [redacted]');
  });

  test('is found by the undo as long as the entry still contains it', async () => {
    const at = await scene();
    await at.round();
    await requestUndo(at.db, (await at.actions())[0]!.id, 'ann');
    await at.round();
    expect(at.seen.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'x-api-key': hidden[2] } });
    const kept = await evidence(at);
    for (const each of hidden) expect(kept).not.toContain(each);
  });

  test('is not guessed when its entry has changed: the undo fails, and says why', async () => {
    const at = await scene();
    await at.round();
    await sql`UPDATE bot_knowledge SET solution = replace(solution, '/off', '/other')`.execute(
      at.db,
    );
    await requestUndo(at.db, (await at.actions())[0]!.id, 'ann');
    await at.round();
    expect(at.seen).toHaveLength(1);
    expect(await at.actions()).toMatchObject([
      { evidence: { undo_failed: expect.stringContaining('the entry has changed since') } },
    ]);
  });
});

describe('what a check says is recorded without secrets', () => {
  test('even a secret that no step names, in any form; the finding keeps its fingerprint', async () => {
    const at = await secretScene('Call somebody.', {
      finding: () => ({
        component: `/hook/${token}`,
        title: `failed with ${token}`,
        description: JSON.stringify({ url: `https://a/?k=${token}` }),
        metadata: {
          [token]: [btoa(`ann:${token}`)],
          cut: `${'.'.repeat(200)}${token.slice(0, 9)}`,
        },
      }),
    });
    await at.store('TOKEN', token);
    for (let rounds = 0; rounds < 2; rounds++) await at.round();
    const findings = await at.db.selectFrom('bot_findings').selectAll().execute();
    expect(findings).toMatchObject([
      {
        affected_component: '/hook/{{secret:TOKEN}}',
        title: 'failed with {{secret:TOKEN}}',
        occurrences: 2,
      },
    ]);
    await isNowhere(at, token);
    expect((await everythingIn(at.db)).includes(token.slice(0, 6))).toBe(false);
  });

  test('a secret that is an ordinary word does not change names that contain this word', async () => {
    const at = await secretScene('Call somebody.', {
      finding: () => ({ component: 'checkout', title: 'checkout fails' }),
    });
    await at.store('TOKEN', 'checkout');
    await at.round();
    expect(await at.db.selectFrom('bot_findings').selectAll().execute()).toMatchObject([
      { affected_component: 'checkout', title: '{{secret:TOKEN}} fails' },
    ]);
  });
});
