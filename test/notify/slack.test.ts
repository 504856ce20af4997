import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../src/notify/message.ts';
import { slack } from '../../src/notify/channels/slack.ts';
import { contextOf } from './context.ts';
import { allOf, event, groupMessage, hostile, testMessage, ticketMessage } from './scenes.ts';
import { channel, slackServer, token, type Fault } from './slack-server.ts';

type Server = Awaited<ReturnType<typeof slackServer>>;
type Rest = Partial<Parameters<typeof contextOf>[0]> & { config?: object };

const withToken = (server: Server) =>
  slack.config.parse({ token, channel, api_url: server.api }) as object;

/** One attempt of a delivery, with a bot token unless the rest says something else. */
const deliver = (server: Server, message: Message, { config, ...rest }: Rest = {}) =>
  slack.deliver(
    message,
    contextOf<any>({ host: server.host, config: config ?? withToken(server), ...rest }),
  );

const textOf = ({ blocks }: { blocks: any[] }): string =>
  blocks.map(({ text }) => text.text).join('\n');
const before = (ts: string) => ({ before: { first: ts, last: ts } });

async function posted(server: Server): Promise<string> {
  const answer = await deliver(server, ticketMessage());
  if (!answer.sent) throw new Error(answer.why);
  return answer.reference!;
}

describe('with a bot token', () => {
  test('a ticket becomes one message, with how it stands', async () => {
    const server = await slackServer();
    expect(await deliver(server, ticketMessage())).toEqual({
      sent: true,
      reference: server.taken[0]!.ts,
    });
    expect(server.taken).toHaveLength(1);
    const [message] = server.taken;
    expect(message!.blocks[0]).toEqual({
      type: 'header',
      text: { type: 'plain_text', text: 'T-42: payments answer 500', emoji: false },
    });
    expect(textOf(message!)).toContain('critical, open');
    expect(textOf(message!)).toContain('npx roundsman tickets show T-42');
    expect(message!.metadata.event_payload.id).toBe(ticketMessage().id);
    const { parse, link_names, unfurl_links, unfurl_media, mrkdwn } = server.requests[0]!.fields;
    expect({ parse, link_names, unfurl_links, unfurl_media, mrkdwn }).toEqual({
      parse: 'none',
      link_names: 'false',
      unfurl_links: 'false',
      unfurl_media: 'false',
      mrkdwn: 'false',
    });
  });

  test('a change edits it, and what happened goes into its thread', async () => {
    const server = await slackServer();
    const ts = await posted(server);
    const change = ticketMessage(
      { status: 'assigned', assigned_to: 'ann' },
      { events: [event('bob assigned it to ann', 25, 'assigned')] },
    );
    expect(await deliver(server, change, before(ts))).toEqual({ sent: true, reference: ts });
    expect(server.parents()).toHaveLength(1);
    expect(server.parents()[0]!.edits).toBe(1);
    expect(textOf(server.parents()[0]!)).toContain('critical, assigned\nAssigned to: ann');
    expect(server.replies()).toMatchObject([
      { thread: ts, broadcast: false, blocks: [{ type: 'section' }] },
    ]);
    expect(textOf(server.replies()[0]!)).toBe('2026-11-28 19:25:00 UTC  bob assigned it to ann');
  });

  test('what people have to see again is told in the channel too: Slack tells no person of an edit', async () => {
    const server = await slackServer();
    const ts = await posted(server);
    const reopened = ticketMessage({}, { events: [event('a run reopened it', 25, 'reopened')] });
    await deliver(server, reopened, before(ts));
    expect(server.replies()[0]!.broadcast).toBe(true);
  });

  test('a first message with more than its opening has it in the thread at once', async () => {
    const server = await slackServer();
    const message = ticketMessage(
      {},
      { events: [event('x opened it'), event('ann acknowledged it', 22, 'acknowledged')] },
    );
    expect(await deliver(server, message)).toMatchObject({ sent: true });
    expect(textOf(server.replies()[0]!)).toContain('ann acknowledged it');
    expect(server.replies()[0]!.thread).toBe(server.parents()[0]!.ts);
  });

  test('a message that a person deleted is posted anew, and that one is edited from then on', async () => {
    const server = await slackServer();
    const first = await posted(server);
    server.taken.length = 0;
    const anew = await deliver(server, ticketMessage(), before(first));
    expect(anew).toMatchObject({ sent: true, note: expect.stringContaining('posted anew') });
    const last = server.parents()[0]!.ts;
    expect(anew).toMatchObject({ reference: last });
    await deliver(server, ticketMessage(), { before: { first, last } });
    expect(server.parents()).toMatchObject([{ ts: last, edits: 1 }]);
  });

  test.each(['cant_update_message', 'edit_window_closed'])(
    '%s: it is posted anew',
    async (word) => {
      const server = await slackServer();
      const ts = await posted(server);
      server.fail(/update/, { word });
      expect(await deliver(server, ticketMessage(), before(ts))).toMatchObject({
        sent: true,
        note: expect.stringContaining(word),
      });
      expect(server.parents()).toHaveLength(2);
    },
  );

  test('groups and test messages are new messages', async () => {
    const server = await slackServer();
    expect(await deliver(server, groupMessage())).toMatchObject({ sent: true });
    expect(await deliver(server, testMessage())).toMatchObject({ sent: true });
    expect(server.parents().map((each) => each.blocks[0].text.text)).toEqual([
      '2 tickets at once',
      'A test message of Roundsman',
    ]);
  });

  test('a thread that does not take what happened leaves the edit to be made again', async () => {
    const server = await slackServer();
    const ts = await posted(server);
    server.fail(/postMessage/, { status: 429, headers: { 'retry-after': '7' } });
    expect(await deliver(server, ticketMessage(), before(ts))).toMatchObject({
      sent: false,
      retryAfterMs: 7_000,
    });
    expect(await deliver(server, ticketMessage(), before(ts))).toMatchObject({ sent: true });
    expect(server.parents()).toHaveLength(1);
    expect(server.replies()).toHaveLength(1);
  });

  const told = ticketMessage(
    {},
    { events: [event('x opened it'), event('y commented: look', 21, 'commented')] },
  );

  const threadFaults: [string, Fault, object][] = [
    ['asks to wait', { status: 429, headers: { 'retry-after': '1' } }, { retryAfterMs: 1_000 }],
    ['answers 500', { status: 500 }, { mayHaveArrived: true }],
    ['is cut', { take: false, end: 'cut' }, { mayHaveArrived: true }],
    ['answers too late', { take: false, end: 'drip' }, { mayHaveArrived: true }],
  ];
  test.each(threadFaults)(
    'a new message whose thread %s stays the only one, and its thread gets what happened with the next try',
    async (_, fault, more) => {
      const server = await slackServer();
      server.fail(/postMessage/, fault, 1);
      const first = await deliver(server, told, { timeoutMs: 1_000 });
      const { ts } = server.parents()[0]!;
      expect(first).toEqual({
        sent: false,
        why: expect.any(String),
        partly: { reference: ts, recipients: [] },
        ...more,
      });
      expect(await deliver(server, told, before(ts))).toMatchObject({ sent: true, reference: ts });
      expect(server.parents()).toHaveLength(1);
      expect(server.replies().map(textOf)).toEqual([expect.stringContaining('y commented: look')]);
    },
  );

  test('one that was posted anew, and whose thread failed, is not posted anew again', async () => {
    const server = await slackServer();
    const gone = await posted(server);
    server.taken.length = 0;
    server.fail(/postMessage/, { status: 429 }, 1);
    const first = await deliver(server, told, before(gone));
    const { ts } = server.parents()[0]!;
    expect(first).toMatchObject({ sent: false, partly: { reference: ts } });
    await deliver(server, told, { before: { first: gone, last: ts } });
    expect(server.parents()).toHaveLength(1);
  });

  test('a thread that never takes what happened is said, and nothing is tried again', async () => {
    const server = await slackServer();
    server.fail(/postMessage/, { word: 'restricted_action_non_threadable_channel' }, 1);
    expect(await deliver(server, told)).toMatchObject({
      sent: true,
      note: expect.stringContaining('what happened is not in the thread'),
    });
    expect(server.parents()).toHaveLength(1);
  });

  test('an edit of which the answer is lost is made again, and neither is a repeat', async () => {
    const server = await slackServer();
    const ts = await posted(server);
    server.fail(/update/, { take: true, end: 'cut' });
    const lost = await deliver(server, ticketMessage(), before(ts));
    expect(lost).toMatchObject({ sent: false });
    expect(lost).not.toHaveProperty('mayHaveArrived');
    await deliver(server, ticketMessage({}, { repeats: 1 }), before(ts));
    expect(textOf(server.parents()[0]!)).not.toContain('repeat');
    expect(textOf(server.replies()[0]!)).toContain('This may be a repeat');
  });

  test.each(['<a@example.com> T-42: payments answer 500', '', 'nonsense'])(
    'what another kind of channel knew the ticket by is not asked of Slack: %j',
    async (reference) => {
      const server = await slackServer();
      expect(await deliver(server, ticketMessage(), before(reference))).toEqual({
        sent: true,
        reference: server.taken[0]!.ts,
      });
      expect(server.requests.map(({ path }) => path)).toEqual(['/api/chat.postMessage']);
    },
  );
});

describe('refused blocks', () => {
  test.each(['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long', 'msg_too_long'])(
    '%s: it goes as plain text, with a note',
    async (word) => {
      const server = await slackServer();
      server.fail(/postMessage/, { word });
      expect(await deliver(server, ticketMessage())).toMatchObject({
        sent: true,
        note: 'Slack refused its blocks; it was sent as plain text',
      });
      expect(server.taken[0]!.blocks).toEqual([]);
      expect(server.taken[0]!.text).toContain('T-42: payments answer 500\ncritical, open');
    },
  );

  test('an edit as plain text takes the blocks of before away', async () => {
    const server = await slackServer();
    const ts = await posted(server);
    server.fail(/update/, { word: 'invalid_blocks' });
    await deliver(server, ticketMessage({ severity: 'low' }), before(ts));
    expect(server.parents()[0]).toMatchObject({ blocks: [], edits: 1 });
    expect(server.parents()[0]!.text).toContain('low, open');
  });

  test('where the text is refused, too, its first line is sent; then no more is tried', async () => {
    const server = await slackServer();
    for (const word of ['invalid_blocks', 'msg_too_long']) server.fail(/postMessage/, { word });
    expect(await deliver(server, ticketMessage())).toMatchObject({
      sent: true,
      note: expect.stringContaining('first line'),
    });
    for (const word of ['invalid_blocks', 'msg_too_long', 'msg_too_long'])
      server.fail(/postMessage/, { word });
    expect(await deliver(server, ticketMessage())).toMatchObject({ sent: false, final: 'message' });
  });
});

describe('what Slack answers', () => {
  const finals = [
    'invalid_auth',
    'not_authed',
    'token_revoked',
    'token_expired',
    'account_inactive',
    'missing_scope',
    'channel_not_found',
    'is_archived',
    'not_in_channel',
    'restricted_action',
  ];
  test.each(finals)('%s: nothing passes until a person changes the channel', async (word) => {
    const server = await slackServer();
    server.fail(/./, { word });
    expect(await deliver(server, ticketMessage())).toMatchObject({
      sent: false,
      final: 'channel',
      why: expect.stringContaining(word),
    });
  });

  const faults: [string, Fault, object][] = [
    [
      '429 with a time to wait',
      { status: 429, headers: { 'retry-after': '30' } },
      { retryAfterMs: 30_000 },
    ],
    ['429 without one', { status: 429 }, {}],
    ['429 with nonsense', { status: 429, headers: { 'retry-after': 'soon' } }, {}],
    [
      'a wait of years',
      { status: 429, headers: { 'retry-after': '999999999' } },
      { retryAfterMs: 86_400_000 },
    ],
    ['ratelimited', { word: 'ratelimited' }, {}],
    ['a server error', { status: 500, body: 'oops' }, { mayHaveArrived: true }],
    [
      '503 with a time to wait',
      { status: 503, headers: { 'retry-after': '5' } },
      { retryAfterMs: 5_000, mayHaveArrived: true },
    ],
    ['internal_error', { word: 'internal_error' }, { mayHaveArrived: true }],
    ['a page of a proxy', { status: 200, body: '<html>login</html>' }, { mayHaveArrived: true }],
    ['half an answer', { status: 200, body: '{"ok":tr' }, { mayHaveArrived: true }],
    [
      'an answer without a timestamp',
      { status: 200, body: '{"ok":true}' },
      { mayHaveArrived: true },
    ],
    ['null', { status: 200, body: 'null' }, { mayHaveArrived: true }],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1/' } }, {}],
  ];
  test.each(faults)('%s: another attempt may pass', async (_, fault, more) => {
    const server = await slackServer();
    server.fail(/./, fault);
    const answer = await deliver(server, ticketMessage());
    expect(answer).toEqual({ sent: false, why: expect.stringMatching(/^Slack|^127/), ...more });
    expect(server.taken).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test.each(['cut', 'drip'] as const)(
    'a connection that ends in a %s says that a repeat may come',
    async (end) => {
      const server = await slackServer();
      server.fail(/./, { take: true, end });
      expect(await deliver(server, ticketMessage(), { timeoutMs: 1_000 })).toMatchObject({
        sent: false,
        why: expect.stringContaining('not known whether Slack took it'),
        mayHaveArrived: true,
      });
      expect(server.taken).toHaveLength(1);
    },
  );

  test('an address that is not allowed is not called, and no repeat is spoken of', async () => {
    const server = await slackServer();
    const answer = await deliver(server, ticketMessage(), { host: '127.0.0.1:1' });
    expect(answer).toMatchObject({
      sent: false,
      why: expect.stringContaining('not among the allowed hosts'),
    });
    expect(answer).not.toMatchObject({ why: expect.stringContaining('repeat') });
    expect(server.requests).toEqual([]);
  });

  test('no token stands in what is said, also where the server repeats it', async () => {
    const server = await slackServer();
    for (const fault of [
      { word: `bad ${token}` },
      { status: 500, body: token },
      { status: 200, body: token },
    ]) {
      server.fail(/./, fault);
      expect(JSON.stringify(await deliver(server, ticketMessage()))).not.toContain(token);
    }
  });

  test('nothing is printed', async () => {
    const written: unknown[] = [];
    const names = ['debug', 'info', 'warn', 'error', 'log'] as const;
    const real = names.map((name) => console[name]);
    for (const name of names) console[name] = (...all: unknown[]) => void written.push(all);
    try {
      const server = await slackServer();
      for (const fault of [
        { word: 'invalid_auth' },
        { status: 429 },
        { take: true, end: 'cut' } as const,
      ]) {
        server.fail(/./, fault);
        await deliver(server, ticketMessage());
      }
    } finally {
      for (const [at, name] of names.entries()) console[name] = real[at]!;
    }
    expect(written).toEqual([]);
  });
});

describe('with an incoming webhook', () => {
  const config = ({ webhook }: Server) => ({ config: { webhook_url: webhook } });

  test('each message is a new one, with its history, and has no name', async () => {
    const server = await slackServer();
    const message = ticketMessage({}, { events: [event('ann acknowledged it', 22)] });
    expect(await deliver(server, message, config(server))).toEqual({ sent: true, reference: null });
    expect(await deliver(server, message, { ...config(server), ...before('1.1') })).toMatchObject({
      sent: true,
    });
    expect(server.parents()).toHaveLength(2);
    expect(textOf(server.parents()[0]!)).toContain(
      'What happened\n2026-11-28 19:22:00 UTC  ann acknowledged it',
    );
    expect(server.requests[0]!.fields).toMatchObject({
      unfurl_links: false,
      link_names: false,
      mrkdwn: false,
    });
  });

  test('refused blocks go as plain text', async () => {
    const server = await slackServer();
    server.fail(/./, { word: 'invalid_blocks' });
    expect(await deliver(server, groupMessage(), config(server))).toMatchObject({
      sent: true,
      note: expect.stringContaining('plain text'),
    });
  });

  test.each([
    'no_service',
    'channel_is_archived',
    'channel_not_found',
    'action_prohibited',
    'invalid_token',
  ])('%s: nothing passes until a person changes the channel', async (word) => {
    const server = await slackServer();
    server.fail(/./, { word });
    expect(await deliver(server, ticketMessage(), config(server))).toMatchObject({
      sent: false,
      final: 'channel',
      why: expect.stringContaining(word),
    });
  });

  test('410 is for good, whatever it says', async () => {
    const server = await slackServer();
    server.fail(/./, { status: 410, body: 'Gone.' });
    expect(await deliver(server, ticketMessage(), config(server))).toMatchObject({
      final: 'channel',
    });
  });

  test.each([
    ['429', { status: 429, headers: { 'retry-after': '3' } }, { retryAfterMs: 3_000 }],
    ['rollup_error', { word: 'rollup_error' }, { mayHaveArrived: true }],
    ['a page', { status: 502, body: '<html>' }, { mayHaveArrived: true }],
  ])('%s: another attempt may pass', async (_, fault, more) => {
    const server = await slackServer();
    server.fail(/./, fault);
    expect(await deliver(server, ticketMessage(), config(server))).toEqual({
      sent: false,
      why: expect.any(String),
      ...more,
    });
  });

  test('its address is in nothing that is said', async () => {
    const server = await slackServer();
    for (const fault of [
      { status: 500, body: server.webhook },
      { take: false, end: 'cut' } as const,
    ]) {
      server.fail(/./, fault);
      const said = JSON.stringify(await deliver(server, ticketMessage(), config(server)));
      expect(said).not.toContain('secretsecret');
    }
    const wrong = await deliver(server, ticketMessage(), {
      config: { webhook_url: 'no address secretsecret' },
    });
    expect(wrong).toMatchObject({ sent: false, final: 'channel' });
    expect(JSON.stringify(wrong)).not.toContain('secretsecret');
  });
});

describe.each(Object.entries(hostile))('%s', (name, given) => {
  test('stays text within the limits, and is sent as blocks', async () => {
    const server = await slackServer();
    for (const message of allOf(given)) {
      const answer = await deliver(server, message);
      expect(answer).toMatchObject({ sent: true });
      // Nothing had to be sent in a plainer form.
      expect(answer).not.toHaveProperty('note');
      expect(await deliver(server, message, { config: { webhook_url: server.webhook } })).toEqual({
        sent: true,
        reference: null,
      });
    }
    for (const { text, blocks } of server.taken) {
      expect(blocks.map((block: any) => [block.text.type, block.text.emoji])).toEqual(
        blocks.map(() => ['plain_text', false]),
      );
      expect(text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
      expect(text.length).toBeLessThan(40_000);
      expect(text + JSON.stringify(blocks)).not.toMatch(/:\/\/|(?!\n)[\p{Cc}\u202E]/u);
    }
    expect(name).toBeTypeOf('string');
  });
});

test('any text is taken as blocks', async () => {
  const server = await slackServer();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 5_000 }), async (given) => {
      for (const message of allOf(given))
        expect(await deliver(server, message)).not.toHaveProperty('note');
    }),
    { numRuns: 15 },
  );
});

test('a repeat says that it may be one', async () => {
  const server = await slackServer();
  await deliver(server, ticketMessage({}, { repeats: 1 }));
  expect(textOf(server.taken[0]!)).toContain('This may be a repeat');
});

test('only a bot token edits', () => {
  expect(slack.edits({ token, channel, api_url: 'https://slack.com/api/' })).toBe(true);
  expect(slack.edits({ webhook_url: 'x' })).toBe(false);
});

test('the preview says how it is sent, needs no secret, and shows what is sent', () => {
  const byToken = slack.preview(
    ticketMessage(),
    slack.config.parse({ token: '{{secret:SLACK_TOKEN}}', channel }),
  );
  expect(byToken).toContain(`channel ${channel}: one message per ticket, edited as it changes`);
  expect(byToken).toContain('T-42: payments answer 500');
  expect(
    slack.preview(ticketMessage(), slack.config.parse({ webhook_url: '{{secret:HOOK}}' })),
  ).toContain('a new message each time');
  for (const given of Object.values(hostile))
    for (const message of allOf(given))
      expect(slack.preview(message, { webhook_url: 'x' })).not.toMatch(
        /(?!\n)[\p{Cc}\p{Zl}\p{Zp}]/u,
      );
});

test.each([
  [{}],
  [{ token }],
  [{ token, channel: '#general' }],
  [{ token, channel, webhook_url: 'x' }],
  [{ token, channel, api_url: 'http://slack.example/api/' }],
  [{ token, channel, api_url: 'file:///etc/passwd' }],
  [{ token: '', channel }],
])('settings that say nothing that works are refused: %j', (config) =>
  expect(slack.config.safeParse(config).success).toBe(false),
);
