import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { email } from '../../src/notify/channels/email.ts';
import type { Message } from '../../src/notify/message.ts';
import { OutboundError } from '../../src/outbound/error.ts';
import { authority, hasOpenssl } from '../support/certificates.ts';
import { contextOf } from './context.ts';
import { allOf, event, groupMessage, hostile, testMessage, ticketMessage } from './scenes.ts';
import { answerOf, scriptedServer, smtpServer, type TakenMail } from './smtp-server.ts';

const settings = (port: number, values: object = {}) =>
  email.config.parse({
    host: '127.0.0.1',
    port,
    security: 'none',
    from: 'roundsman@example.com',
    to: ['ann@example.com', 'bob@example.com'],
    ...values,
  });

const deliver = (
  port: number,
  message: Message,
  { config = {}, ...rest }: { config?: object } & Partial<Parameters<typeof contextOf>[0]> = {},
) =>
  email.deliver(
    message,
    contextOf<any>({ host: `127.0.0.1:${port}`, config: settings(port, config), ...rest }),
  );

/** The headers of a mail, unfolded, by their names in lower-case letters; the body as it is read. */
function read({ raw }: TakenMail) {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  const named = Object.fromEntries(headers);
  const encoded = raw.slice(end + 4);
  const bytes =
    named['content-transfer-encoding'] === 'base64'
      ? Buffer.from(encoded, 'base64')
      : named['content-transfer-encoding'] === 'quoted-printable'
        ? quoted(encoded)
        : Buffer.from(encoded);
  return {
    names: headers.map(([name]) => name),
    headers: named,
    subject: words(named['subject']!),
    body: bytes.toString().replaceAll('\r\n', '\n').trimEnd(),
  };
}

const quoted = (text: string): Buffer =>
  Buffer.from(
    text
      .replaceAll(/=\r\n/g, '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );

/** Encoded words of a header, put together. */
const words = (header: string): string =>
  header
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, form: string, text: string) =>
      Buffer.from(
        form.toLowerCase() === 'b'
          ? Buffer.from(text, 'base64')
          : quoted(text.replaceAll('_', ' ')),
      ).toString('latin1'),
    )
    .replace(/^.*$/s, (all) =>
      /[\u0080-\u00FF]/.test(all) ? Buffer.from(all, 'latin1').toString() : all,
    );

describe('a mail', () => {
  test('says how a ticket stands, in plain text, and that a program wrote it', async () => {
    const { port, taken } = await smtpServer();
    const answer = await deliver(port, ticketMessage());
    expect(answer).toEqual({
      sent: true,
      reference: '<b0000000-0000-4000-8000-000000000001@example.com> T-42: payments answer 500',
    });
    expect(taken).toMatchObject([
      { from: 'roundsman@example.com', to: ['ann@example.com', 'bob@example.com'] },
    ]);
    const { headers, subject, body } = read(taken[0]!);
    expect(subject).toBe('T-42: payments answer 500');
    expect(headers).toMatchObject({
      from: 'Roundsman <roundsman@example.com>',
      to: 'ann@example.com, bob@example.com',
      'message-id': '<b0000000-0000-4000-8000-000000000001@example.com>',
      'auto-submitted': 'auto-generated',
      'x-auto-response-suppress': 'All',
      'content-type': 'text/plain; charset=utf-8',
    });
    expect(headers).not.toHaveProperty('in-reply-to');
    expect(body).toContain('T-42: payments answer 500\ncritical, open\n');
    expect(body).toContain('npx roundsman tickets ack T-42');
  });

  test('belongs to the conversation of its ticket, whose subject stays when the title changes', async () => {
    const { port, taken } = await smtpServer();
    const first = await deliver(port, ticketMessage());
    if (!first.sent) throw new Error(first.why);
    const second = await deliver(
      port,
      ticketMessage(
        { title: 'logins answer 500, too' },
        { id: 'c0000000-0000-4000-8000-000000000009' },
      ),
      { before: { first: first.reference!, last: first.reference! } },
    );
    if (!second.sent) throw new Error(second.why);
    await deliver(port, ticketMessage({}, { id: 'd0000000-0000-4000-8000-000000000009' }), {
      before: { first: first.reference!, last: second.reference! },
    });
    const [one, two, three] = taken.map(read);
    expect(two!.headers['in-reply-to']).toBe(one!.headers['message-id']);
    expect(two!.headers['references']).toBe(one!.headers['message-id']);
    expect(three!.headers['references']).toBe(
      `${one!.headers['message-id']} ${two!.headers['message-id']}`,
    );
    expect([two!.subject, three!.subject]).toEqual([one!.subject, one!.subject]);
    expect(two!.body).toMatch(/^T-42: logins answer 500, too\n/);
  });

  test('is one of its own for a group and for a test, and says when it may be a repeat', async () => {
    const { port, taken } = await smtpServer();
    await deliver(port, groupMessage());
    await deliver(port, testMessage({ repeats: 1 }));
    const [group, asked] = taken.map(read);
    expect(group!.subject).toBe('2 tickets at once, first T-42');
    expect(group!.body).toContain('T-43  high  open  logins fail');
    expect(asked!.body).toContain('This may be a repeat');
  });

  test('about many tickets shares its subject with none about others', async () => {
    const { port, taken } = await smtpServer();
    const later = ticketMessage({ number: '77' }).ticket;
    await deliver(port, groupMessage());
    await deliver(
      port,
      groupMessage({ tickets: [later], id: 'c0000000-0000-4000-8000-000000000002' }),
    );
    const [one, two] = taken.map((mail) => read(mail).subject);
    expect([one, two]).toEqual(['2 tickets at once, first T-42', '2 tickets at once, first T-77']);
  });

  test.each(['', 'nonsense', '<a@b> X-9: other', '<a@b\r\nBcc: x@y> T-42: x', '<>', 'T-42: x'])(
    'a reference of before that is none of ours changes nothing it may not: %j',
    async (reference) => {
      const { port, taken } = await smtpServer();
      await deliver(port, ticketMessage(), { before: { first: reference, last: reference } });
      const { subject, names } = read(taken[0]!);
      expect(subject).toMatch(/^T-42: /);
      expect(names).not.toContain('bcc');
    },
  );

  test('names of hosts beyond ASCII are written as SMTP has them', async () => {
    const { port, taken } = await smtpServer();
    const config = { from: 'roundsman@bücher.example', to: ['ann@bücher.example'] };
    expect(await deliver(port, ticketMessage(), { config })).toMatchObject({ sent: true });
    expect(read(taken[0]!).headers).toMatchObject({
      from: 'Roundsman <roundsman@xn--bcher-kva.example>',
      to: 'ann@xn--bcher-kva.example',
    });
    expect(read(taken[0]!).headers['message-id']).toMatch(/@xn--bcher-kva\.example>$/);
  });
});

describe.each(Object.entries(hostile))('%s', (name, given) => {
  test('stays text of its mail', async () => {
    const { port, taken } = await smtpServer();
    for (const message of allOf(given))
      expect(await deliver(port, message)).toMatchObject({ sent: true });
    for (const mail of taken) checked(mail);
    expect(taken.length, name).toBe(3);
  });
});

/** No header, recipient, link or control came from a text. */
function checked(mail: TakenMail) {
  expect(mail.to).toEqual(['ann@example.com', 'bob@example.com']);
  expect(mail.raw.length).toBeLessThan(200_000);
  const { names, subject, body } = read(mail);
  expect(names.toSorted()).toEqual([
    'auto-submitted',
    'content-transfer-encoding',
    'content-type',
    'date',
    'from',
    'message-id',
    'mime-version',
    'subject',
    'to',
    'x-auto-response-suppress',
  ]);
  for (const line of mail.raw.split('\r\n')) {
    expect(line.length).toBeLessThan(998);
    expect(line).not.toMatch(/[\r\n\0]/);
  }
  expect(subject).toMatch(/^(T-42: |2 tickets at once, first T-42$|A test message of Roundsman$)/);
  expect(subject.length).toBeLessThanOrEqual(150);
  expect(subject + body).not.toMatch(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}]|:\/\/|\bwww\.\w/u);
  expect(body.split('\n')).not.toContain('-- ');
}

test('any text stays text of its mail', async () => {
  const { port, taken } = await smtpServer();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 2_000 }), async (given) => {
      for (const message of allOf(given)) await deliver(port, message);
      for (const mail of taken.splice(0)) checked(mail);
    }),
    { numRuns: 20 },
  );
});

describe('what the server answers', () => {
  test('recipients that it refuses are named; the others have the mail', async () => {
    const { port, taken } = await smtpServer(
      {},
      { rcpt: { 'bob@example.com': answerOf(550, 'no such mailbox') } },
    );
    expect(await deliver(port, ticketMessage())).toMatchObject({
      sent: true,
      note: expect.stringMatching(/bob@example\.com \(550 .*no such mailbox\); the others have it/),
    });
    expect(taken[0]!.to).toEqual(['ann@example.com']);
  });

  test.each([
    ['for now', 450, 'greylisted'],
    ['while its mailbox is full', 452, 'over quota'],
  ])('a recipient that it refuses %s is tried again, and alone', async (_, code, text) => {
    const rcpt: Record<string, Error> = { 'bob@example.com': answerOf(code, text) };
    const { port, taken } = await smtpServer({}, { rcpt });
    const first = await deliver(port, ticketMessage());
    expect(first).toEqual({
      sent: false,
      why: expect.stringMatching(new RegExp(`bob@example\\.com \\(${code} .*${text}\\)`)),
      partly: {
        reference: expect.stringContaining('@example.com> T-42: '),
        recipients: ['ann@example.com'],
      },
    });
    delete rcpt['bob@example.com'];
    const reached = ['ann@example.com'];
    expect(await deliver(port, ticketMessage(), { reached })).toMatchObject({ sent: true });
    expect(taken.map(({ to }) => to)).toEqual([['ann@example.com'], ['bob@example.com']]);
    const [one, two] = taken.map(read);
    expect(two!.headers['message-id']).toBe(one!.headers['message-id']);
    expect(two!.headers['to']).toBe('ann@example.com, bob@example.com');
  });

  test('one for good and one for now: the others have it, and both are said', async () => {
    const to = ['ann@example.com', 'bob@example.com', 'cem@example.com'];
    const { port, taken } = await smtpServer(
      {},
      {
        rcpt: {
          'bob@example.com': answerOf(550, 'no such mailbox'),
          'cem@example.com': answerOf(451, 'later'),
        },
      },
    );
    expect(await deliver(port, ticketMessage(), { config: { to } })).toMatchObject({
      sent: false,
      why: expect.stringMatching(/bob@example\.com.*cem@example\.com/),
      partly: { recipients: ['ann@example.com'] },
    });
    expect(taken[0]!.to).toEqual(['ann@example.com']);
  });

  test('where all recipients have it nothing is sent', async () => {
    const { port, taken } = await smtpServer();
    const reached = ['ann@example.com', 'bob@example.com'];
    expect(await deliver(port, ticketMessage(), { reached })).toMatchObject({ sent: true });
    expect(taken).toEqual([]);
  });

  const both = (error: Error) => ({ 'ann@example.com': error, 'bob@example.com': error });
  const cases: [string, Parameters<typeof smtpServer>[1], object][] = [
    ['all recipients for good', { rcpt: both(answerOf(550, 'no')) }, { final: 'message' }],
    ['all recipients for now', { rcpt: both(answerOf(450, 'later')) }, {}],
    [
      'one for good, one for now',
      { rcpt: { ...both(answerOf(550, 'no')), 'bob@example.com': answerOf(451, 'later') } },
      {},
    ],
    ['the sender for good', { mail: answerOf(550, 'no such sender') }, { final: 'channel' }],
    ['the sender for now', { mail: answerOf(451, 'later') }, {}],
    ['its size', { mail: answerOf(552, 'too large') }, { final: 'message' }],
    ['a sender without a login', { mail: answerOf(530, 'log in first') }, { final: 'channel' }],
    ['its content for good', { data: answerOf(554, 'looks like spam') }, { final: 'message' }],
    ['its content for now', { data: answerOf(452, 'the disk is full') }, {}],
  ];
  test.each(cases)('it refuses %s', async (_, refusals, more) => {
    const { port, taken } = await smtpServer({}, refusals);
    const answer = await deliver(port, ticketMessage());
    expect(answer).toEqual({
      sent: false,
      why: expect.stringContaining(`127.0.0.1:${port}`),
      ...more,
    });
    expect(answer).not.toMatchObject({ why: expect.stringContaining('repeat') });
    expect(taken).toEqual([]);
  });

  const login = { user: 'roundsman', password: 'a long password' };

  test('a user and a password are used', async () => {
    const { port, taken } = await smtpServer({ allowInsecureAuth: true });
    expect(await deliver(port, ticketMessage(), { config: login })).toMatchObject({ sent: true });
    expect(taken[0]!.user).toBe('roundsman');
  });

  test.each([
    [535, { final: 'channel' }],
    [454, {}],
  ])('a login that is refused with %i is said, without the password', async (code, more) => {
    const auth = answerOf(code, `no login with ${login.password}`);
    const { port } = await smtpServer({ allowInsecureAuth: true }, { auth });
    const answer = await deliver(port, ticketMessage(), { config: login });
    expect(answer).toEqual({
      sent: false,
      why: expect.stringContaining('See `user` and `password`'),
      ...more,
    });
    expect(JSON.stringify(answer)).not.toContain(login.password);
  });
});

describe('the name of this machine', () => {
  const refusing = ['220 here', '501 5.5.4 invalid name', '501 5.5.4 invalid name'];

  test('is that of the setting, as SMTP has it', async () => {
    const { port, heard } = await scriptedServer(['220 here', '250 here'], 'cut');
    await deliver(port, ticketMessage(), { config: { helo: 'bots.bücher.example' } });
    expect(heard[0]).toBe('EHLO bots.xn--bcher-kva.example');
  });

  test.each(['none', 'starttls'])(
    'which the server refuses is said, with the setting to look at, and tried again (%s)',
    async (security) => {
      const { port } = await scriptedServer(refusing, 'cut');
      expect(await deliver(port, ticketMessage(), { config: { security } })).toEqual({
        sent: false,
        why: expect.stringMatching(/refused how this machine names itself: .*501.*See `helo`/),
      });
    },
  );

  test('is not what a server without time speaks of', async () => {
    const { port } = await scriptedServer(['220 here', '421 too many connections'], 'cut');
    const answer = await deliver(port, ticketMessage());
    expect(answer).toEqual({ sent: false, why: expect.stringContaining('too many connections') });
    expect(answer).not.toMatchObject({ why: expect.stringContaining('helo') });
  });

  test('has a dot, and is the name of a host', () => {
    for (const helo of ['bots', 'bots example.com', 'bots.example.com\r\nRSET', '', '127.0.0.1'])
      expect(email.config.safeParse({ ...settings(25), helo }).success).toBe(false);
  });
});

describe('a connection', () => {
  const greeting = ['220 here', '250 here'];
  const untilData = [...greeting, '250 sender', '250 recipient', '250 recipient', '354 go on'];

  test.each([
    ['before the greeting', []],
    ['after the greeting', greeting.slice(0, 1)],
    ['in the envelope', untilData.slice(0, 4)],
    ['before the mail', untilData.slice(0, 5)],
  ])('that is cut %s has sent nothing', async (_, answers) => {
    const { port } = await scriptedServer(answers, 'cut');
    const answer = await deliver(port, ticketMessage());
    expect(answer).toEqual({ sent: false, why: expect.stringContaining(`127.0.0.1:${port}`) });
    expect(answer).not.toMatchObject({ why: expect.stringContaining('repeat') });
  });

  test.each(['cut', 'stay silent', 'drip'] as const)(
    'of which the answer to the mail is missing (%s) says that a repeat may come',
    async (then) => {
      const { port, heard } = await scriptedServer(untilData, then);
      expect(await deliver(port, ticketMessage(), { timeoutMs: 1_000 })).toEqual({
        sent: false,
        why: expect.stringContaining('it is not known whether the server took it'),
        mayHaveArrived: true,
      });
      expect(heard.at(-1)).toContain('T-42');
    },
  );

  test.each([
    ['silent', 'stay silent'],
    ['slow', 'drip'],
  ] as const)('to a %s server ends at the deadline', async (_, then) => {
    const { port } = await scriptedServer([], then);
    const began = performance.now();
    expect(await deliver(port, ticketMessage(), { timeoutMs: 300 })).toMatchObject({
      sent: false,
      why: expect.stringContaining('stopped'),
    });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('is closed when the process stops, and none is opened after that', async () => {
    const { port } = await scriptedServer(greeting, 'stay silent');
    const stop = new AbortController();
    const given = deliver(port, ticketMessage(), { signal: stop.signal });
    stop.abort(new Error('the worker stops'));
    expect(await given).toMatchObject({
      sent: false,
      why: expect.stringContaining('the worker stops'),
    });
    expect(await deliver(port, ticketMessage(), { signal: stop.signal })).toMatchObject({
      sent: false,
    });
  });

  test('goes to the next address of the server where one does not answer', async () => {
    const { port, taken } = await smtpServer();
    const config = { host: 'mail.example.com' };
    for (const other of ['127.0.0.2', '::1'])
      expect(
        await deliver(port, ticketMessage(), { config, addresses: [other, '127.0.0.1'] }),
      ).toMatchObject({ sent: true });
    expect(taken).toHaveLength(2);
    expect(
      await deliver(port, ticketMessage(), { config, addresses: ['127.0.0.2', '127.0.0.3'] }),
    ).toEqual({
      sent: false,
      why: `the mail server mail.example.com:${port}: connect ECONNREFUSED 127.0.0.2:${port}; connect ECONNREFUSED 127.0.0.3:${port}`,
    });
  });

  test('is closed after the mail', async () => {
    const { port, sockets } = await smtpServer();
    await deliver(port, ticketMessage());
    await expect.poll(() => sockets.open).toBe(0);
  });

  test('is not opened to a port at which none listens, and not to an address that is refused', async () => {
    expect(await deliver(1, ticketMessage())).toEqual({
      sent: false,
      why: 'the mail server 127.0.0.1:1: connect ECONNREFUSED',
    });
    const { port, taken } = await smtpServer();
    const refusing = contextOf<any>({ host: 'x', config: settings(port) });
    refusing.resolve = () =>
      Promise.reject(new OutboundError('127.0.0.1 is refused: not public', false));
    expect(await email.deliver(ticketMessage(), refusing)).toEqual({
      sent: false,
      why: '127.0.0.1 is refused: not public',
    });
    expect(taken).toEqual([]);
  });
});

describe.runIf(hasOpenssl)('encryption', () => {
  /** A server with a certificate of an authority that this process trusts, or does not. */
  async function serve(names: string, secure: boolean, trusted = true) {
    const { ca, issue } = authority();
    const { cert, key } = issue('mail.example.com', names);
    const real = tls.getCACertificates('default');
    if (trusted) tls.setDefaultCACertificates([...real, readFileSync(ca, 'utf8')]);
    onTestFinished(() => tls.setDefaultCACertificates(real));
    return smtpServer({ secure, cert: readFileSync(cert), key: readFileSync(key) });
  }

  const config = { host: 'mail.example.com', user: 'u', password: 'a long password' };

  test.each(['tls', 'starttls'] as const)(
    '%s: the certificate is judged by the name',
    async (security) => {
      const { port, taken } = await serve('DNS:mail.example.com', security === 'tls');
      expect(
        await deliver(port, ticketMessage(), { config: { ...config, security } }),
      ).toMatchObject({ sent: true });
      expect(taken).toMatchObject([{ secure: true, user: 'u' }]);
    },
  );

  test('an address in place of a name is judged as an address', async () => {
    const { port, taken } = await serve('IP:127.0.0.1', true);
    expect(await deliver(port, ticketMessage(), { config: { security: 'tls' } })).toMatchObject({
      sent: true,
    });
    expect(taken).toHaveLength(1);
  });

  const wrong: [string, string, boolean][] = [
    ['of another name', 'DNS:other.example.com', true],
    ['of an authority that is not trusted', 'DNS:mail.example.com', false],
  ];
  test.each(
    wrong.flatMap(
      (each) =>
        [
          ['tls', ...each],
          ['starttls', ...each],
        ] as const,
    ),
  )(
    '%s: with a certificate %s nothing is sent, and the setting is named',
    async (security, _, names, trusted) => {
      const { port, taken } = await serve(names, security === 'tls', trusted);
      expect(await deliver(port, ticketMessage(), { config: { ...config, security } })).toEqual({
        sent: false,
        why: expect.stringMatching(
          /certificate of mail\.example\.com:\d+ is not trusted .*`host`; NODE_EXTRA_CA_CERTS/,
        ),
      });
      expect(taken).toEqual([]);
    },
  );

  test('a server without STARTTLS gets neither the password nor the mail', async () => {
    const { port, taken } = await smtpServer({ allowInsecureAuth: true });
    expect(
      await deliver(port, ticketMessage(), { config: { ...config, security: 'starttls' } }),
    ).toEqual({ sent: false, why: expect.stringContaining('See `security`') });
    expect(taken).toEqual([]);
  });

  test('a server that does not encrypt from the first byte is told so', async () => {
    const { port } = await smtpServer();
    expect(
      await deliver(port, ticketMessage(), { config: { ...config, security: 'tls' } }),
    ).toEqual({ sent: false, why: expect.stringContaining('See `security`') });
  });
});

test('the preview is what a reader sees', () => {
  const preview = email.preview(
    ticketMessage({}, { events: [event('x opened it')] }),
    settings(25),
  );
  expect(preview).toMatch(
    /^From: Roundsman <roundsman@example\.com>\nTo: ann@example\.com, bob@example\.com\nSubject: T-42: payments answer 500\n\nT-42: payments/,
  );
});

test.each([
  [{ from: 'x' }],
  [{ from: 'a b@example.com' }],
  [{ from: 'Ann <ann@example.com>' }],
  [{ from: 'ann@example.com\r\nBcc: x@example.com' }],
  [{ from: 'ann@exa\nmple.com' }],
  [{ from: 'ann@127.0.0.1' }],
  [{ from: '.ann@example.com' }],
  [{ from: 'ännchen@example.com' }],
  [{ to: [] }],
  [{ to: ['ann@example.com', 'x>,<y@example.com'] }],
  [{ host: 'mail example.com' }],
  [{ host: '' }],
  [{ host: '-x.example.com' }],
  [{ port: 0 }],
  [{ security: 'maybe' }],
  [{ user: 'u' }],
  [{ password: 'p' }],
  [{ host: 'mail.example.com', security: 'none', user: 'u', password: 'p' }],
  [{ html: true }],
])('settings that say nothing that works, or too much, are refused: %j', (values) => {
  expect(() => settings(25, values)).toThrow();
});

test.each([
  [{ host: 'mail.example.com.' }],
  [{ host: 'bücher.example' }],
  [{ host: '::1' }],
  [{ host: 'mail' }],
  [{ from: "o'neil+tag@example.co.uk" }],
  [{ user: 'u', password: '{{secret:SMTP_PASSWORD}}' }],
])('settings that work are taken: %j', (values) => {
  expect(settings(25, values)).toMatchObject(values);
});
