/** The morning report: when it is made, once a day whatever happens, and what each kind of channel gets. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { deliver } from '../../jobs/deliver.ts';
import { sendReport } from '../../jobs/send-report.ts';
import type { Db } from '../../src/database/connect.ts';
import { email } from '../../src/notify/channels/email.ts';
import { bodyOf } from '../../src/notify/channels/webhook.ts';
import type { ReportMessage } from '../../src/notify/message.ts';
import { briefLines } from '../../src/notify/words/words.ts';
import { notifications } from '../../src/notify/settings/schema.ts';
import { messageBlocks } from '../../src/notify/slack/blocks.ts';
import type { Report } from '../../src/report/report.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { morningOf } from '../../src/services/report/due.ts';
import { sendReport as makeAndQueue } from '../../src/services/report/send.ts';
import { aRun, carried } from '../jobs/job-flow.ts';
import { plantBot, plantSlots, every } from '../report/planted.ts';
import { hostileReport, sample } from '../report/sample.ts';
import { stillClock } from '../support/clocks.ts';
import { insertNode } from '../cli/rows.ts';
import { kill, looksLost, startWorker } from './kills.ts';
import { key } from './webhook-key.ts';
import { contextOf } from './context.ts';
import { hostile } from './scenes.ts';
import { receiver, scene } from './scene.ts';
import { channel, slackServer, token } from './slack-server.ts';
import { smtpServer } from './smtp-server.ts';
import { messages } from './tickets.ts';

const message = (values: Partial<ReportMessage> = {}): ReportMessage => ({
  kind: 'report',
  id: 'b0000000-0000-4000-8000-000000000009',
  repeats: 0,
  day: '2026-11-29',
  due_at: new Date('2026-11-29T08:00:00Z'),
  report: sample(),
  ...values,
});

describe('when it is due', () => {
  const berlin = { at: 8 * 60, timezone: 'Europe/Berlin' };
  const iso = (at: Date) => at.toISOString();

  test('at its time of the day of its zone, about the time since the morning before', () => {
    const { day, dueAt, bounds } = morningOf(berlin, new Date('2026-11-29T12:00:00Z'));
    expect([day, iso(dueAt)]).toEqual(['2026-11-29', '2026-11-29T07:00:00.000Z']);
    expect(bounds.slice(-2).map(iso)).toEqual([
      '2026-11-28T07:00:00.000Z',
      '2026-11-29T07:00:00.000Z',
    ]);
    expect(bounds).toHaveLength(9);
  });

  test('the day on which clocks change has 23 or 25 hours, and no time falls between two reports', () => {
    const spring = morningOf(berlin, new Date('2026-03-29T10:00:00Z'));
    expect(spring.bounds.slice(-2).map(iso)).toEqual([
      '2026-03-28T07:00:00.000Z',
      '2026-03-29T06:00:00.000Z',
    ]);
    const autumn = morningOf(berlin, new Date('2026-10-25T10:00:00Z'));
    expect(autumn.bounds.slice(-2).map(iso)).toEqual([
      '2026-10-24T06:00:00.000Z',
      '2026-10-25T07:00:00.000Z',
    ]);
    const skipped = morningOf(
      { at: 150, timezone: 'Europe/Berlin' },
      new Date('2026-03-29T10:00:00Z'),
    );
    expect(iso(skipped.dueAt)).toBe('2026-03-29T01:00:00.000Z');
  });

  test('late in the evening its day is that of the zone', () => {
    expect(morningOf(berlin, new Date('2026-11-28T23:30:00Z')).day).toBe('2026-11-29');
    expect(
      morningOf({ at: 480, timezone: 'America/New_York' }, new Date('2026-11-29T02:00:00Z')).day,
    ).toBe('2026-11-28');
  });
});

describe('the settings', () => {
  const channels = { record: { kind: 'log' } };
  const problems = (document: object) =>
    notifications
      .safeParse({ channels, routes: [], ...document })
      .error?.issues.map(({ path, message: why }) => `${path.join('.')}: ${why}`);

  test('have 08:00 UTC unless they say otherwise', () => {
    expect(notifications.parse({ channels, routes: [] }).report).toEqual({
      at: 480,
      timezone: 'UTC',
    });
    expect(
      notifications.parse({
        channels,
        routes: [],
        report: { at: '06:30', timezone: 'europe/berlin' },
      }).report,
    ).toEqual({ at: 390, timezone: 'Europe/Berlin' });
  });

  test('say what is wrong, and where', () => {
    expect(problems({ report: { at: '24:10' } })).toEqual([
      'report.at: there is no such time of the day',
    ]);
    expect(problems({ report: { timezone: 'Mars' } })?.[0]).toMatch(
      /^report.timezone: there is no such zone/,
    );
    expect(problems({ routes: [{ report: true, to: ['record'], on: ['opened'] }] })?.[0]).toMatch(
      /^routes.0.on: is about tickets/,
    );
    expect(problems({ routes: [{ report: false, to: ['record'] }] })?.[0]).toMatch(
      /^routes.0.report: has to be true/,
    );
  });
});

const record = {
  channels: { record: { kind: 'log' } },
  routes: [{ to: ['record'] }, { report: true, to: ['record'] }],
  report: { at: '08:00' },
};

/** A database at 07:00 of a day, with settings that are weeks old, and a process that carries the jobs. */
async function world() {
  const {
    db,
    url,
    lines,
    engine,

    deliver: send,
  } = await scene({
    secrets: { OPS_KEY: key, SLACK_TOKEN: token },
  });
  const at = await stillClock(db, '2026-11-29T07:00:00Z');
  await registerJobs(db, [sendReport]);
  const jobs = { ...engine, jobs: [sendReport, deliver] };
  const make = async () => carried(jobs, await aRun(db, sendReport));
  const setTo = async (document: object, setAt = '2026-11-01T00:00:00Z') => {
    await sql`
      INSERT INTO engine.settings (key, value, changed_at) VALUES ('notifications', ${JSON.stringify(document)}::jsonb, ${setAt})
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`.execute(
      db,
    );
  };
  await setTo(record);
  return { db, url, lines, send, at, make, setTo };
}

/** From when to when each report is that was kept. */
async function periods(db: Db): Promise<[from: string, to: string][]> {
  const kept = await db.selectFrom('engine.reports').selectAll().orderBy('due_at').execute();
  return kept.map(({ report }) => {
    const { from, to } = report as unknown as Report;
    return [from, to];
  });
}

describe('the job', () => {
  test('makes none before its time, one at its time, and none after that', async () => {
    const { db, at, make } = await world();
    expect((await make()).figures).toEqual({ messages: 0 });
    await at('2026-11-29T08:00:00Z');
    expect((await make()).figures).toEqual({ messages: 1 });
    expect((await make()).figures).toEqual({ messages: 0 });
    await at('2026-11-29T23:59:59Z');
    expect((await make()).figures).toEqual({ messages: 0 });
    await at('2026-11-30T08:00:00Z');
    expect((await make()).figures).toEqual({ messages: 1 });
    const rows = await messages(db);
    expect(
      rows.map(({ kind, report_day, route, status }) => [kind, report_day, route, status]),
    ).toEqual([
      ['report', '2026-11-29', 'route 2', 'pending'],
      ['report', '2026-11-30', 'route 2', 'pending'],
    ]);
  });

  test('several processes at once make one', async () => {
    const { db, at } = await world();
    await at('2026-11-29T08:00:00Z');
    // Without the job's own limit of one run at a time, as after a lease that was lost.
    const { signal } = new AbortController();
    const made = await Promise.all(
      Array.from({ length: 4 }, () =>
        makeAndQueue({
          db,
          signal,
          commit: (write) => db.transaction().execute(write),
          request: async () => {},
        }),
      ),
    );
    expect(made.map((each) => each.messages).toSorted()).toEqual([0, 0, 0, 1]);
    expect(await messages(db)).toHaveLength(1);
  });

  test('sends it also when nothing happened, and says that everything ran only where that is proven', async () => {
    const { db, at, make, send, lines } = await world();
    const bot = await plantBot(db, { cron: '0 * * * *', next: '2026-11-29T08:00:00Z' });
    await plantSlots(db, bot, every(60, '2026-11-28T08:00:00Z', '2026-11-29T07:00:00Z'));
    await at('2026-11-29T08:00:00Z');
    await insertNode(db, 'up');
    await at('2026-11-29T08:00:00Z');
    await make();
    await send();
    const [row] = await messages(db);
    expect(row).toMatchObject({ status: 'sent', attempts: 1 });
    const told = lines
      .map((line) => JSON.parse(line))
      .find(({ text }) => text?.includes('Morning report'));
    expect(told.text).toContain('Everything ran: 24 slots of 1 bot, each with success.');
    expect(told.text).not.toContain('It is late');
  });

  test('one that was missed is sent later that day, says so, and is about the same period', async () => {
    const { db, at, make, send, lines } = await world();
    await at('2026-11-29T14:10:00Z');
    await make();
    await send();
    const kept = await db.selectFrom('engine.reports').selectAll().executeTakeFirstOrThrow();
    expect(kept.report).toMatchObject({
      from: '2026-11-28T08:00:00.000Z',
      to: '2026-11-29T08:00:00.000Z',
    });
    expect(lines.join('')).toContain(
      'It is late: it was due at 2026-11-29 08:00:00 UTC and made at 2026-11-29 14:10:00 UTC.',
    );
    // Two days after there is one report of both: that of yesterday is not sent by itself.
    await at('2026-12-01T09:00:00Z');
    expect((await make()).figures).toEqual({ messages: 1 });
    expect(await periods(db)).toEqual([
      ['2026-11-28T08:00:00.000Z', '2026-11-29T08:00:00.000Z'],
      ['2026-11-29T08:00:00.000Z', '2026-12-01T08:00:00.000Z'],
    ]);
    expect((await messages(db)).map(({ report_day }) => report_day)).toEqual([
      '2026-11-29',
      '2026-12-01',
    ]);
  });

  test('settings that came after its time begin with the next morning', async () => {
    const { at, make, setTo } = await world();
    await setTo(record, '2026-11-29T09:00:00Z');
    await at('2026-11-29T10:00:00Z');
    expect((await make()).figures).toEqual({ messages: 0 });
    await at('2026-11-30T08:00:00Z');
    expect((await make()).figures).toEqual({ messages: 1 });
  });

  test('without a route for it none is made, and a route for it tells no ticket', async () => {
    const { db, at, make, setTo } = await world();
    await setTo({ ...record, routes: [{ to: ['record'] }] });
    await at('2026-11-29T09:00:00Z');
    expect((await make()).figures).toEqual({ messages: 0 });
    expect(await db.selectFrom('engine.reports').selectAll().execute()).toEqual([]);
  });

  test('a second row for the same morning and channel cannot be written', async () => {
    const { db, at, make } = await world();
    await at('2026-11-29T08:00:00Z');
    await make();
    const twice = sql`INSERT INTO bot_notifications (channel, kind, report_day, report_due_at)
        VALUES ('record', 'report', '2026-11-29', '2026-11-29T08:00:00Z')`.execute(db);
    await expect(twice).rejects.toThrow(/idx_notifications_report/);
  });

  test('Slack, mail and a webhook get it, each in its form', async () => {
    const { db, at, make, send, setTo } = await world();
    const slack = await slackServer();
    const smtp = await smtpServer();
    const ops = await receiver();
    await setTo({
      channels: {
        chat: { kind: 'slack', token: '{{secret:SLACK_TOKEN}}', channel, api_url: slack.api },
        mail: {
          kind: 'email',
          host: '127.0.0.1',
          port: smtp.port,
          security: 'none',
          from: 'roundsman@example.com',
          to: ['owner@example.com'],
        },
        ops: { kind: 'webhook', url: `${ops.url}/ops`, secret: '{{secret:OPS_KEY}}' },
      },
      routes: [
        { report: true, to: ['chat', 'mail'] },
        { report: true, to: ['ops', 'mail'] },
      ],
      hosts: [slack.host, `127.0.0.1:${smtp.port}`, ops.host],
    });
    await at('2026-11-29T08:00:00Z');
    expect((await make()).figures).toEqual({ messages: 3 });
    await send();
    expect(
      (await messages(db)).map(({ channel: name, status, error_message }) => [
        name,
        status,
        error_message,
      ]),
    ).toEqual([
      ['chat', 'sent', null],
      ['mail', 'sent', null],
      ['ops', 'sent', null],
    ]);
    expect(slack.parents()).toHaveLength(1);
    expect(JSON.stringify(slack.parents())).toContain('Morning report 2026-11-29');
    const [mail] = smtp.taken;
    expect(mail!.raw).toMatch(/Content-Type: multipart\/alternative/);
    expect(mail!.raw).toMatch(/Subject: Morning report 2026-11-29:/);
    const [{ type, data }] = ops.received as [any];
    expect(type).toBe('report');
    expect(data).toMatchObject({
      day: '2026-11-29',
      report: { from: '2026-11-28T08:00:00.000Z' },
      cut: null,
    });
  });

  test('killed at any moment of a morning, it is made once a day and arrives', async () => {
    const { db, url, at, setTo } = await world();
    const ops = await receiver();
    await setTo({
      channels: { ops: { kind: 'webhook', url: `${ops.url}/ops`, secret: '{{secret:OPS_KEY}}' } },
      routes: [{ report: true, to: ['ops'] }],
      hosts: [ops.host],
    });
    const days = Array.from(
      { length: 2 },
      (_, index) => `2026-12-${String(index + 1).padStart(2, '0')}`,
    );
    for (const [index, day] of days.entries()) {
      await at(`${day}T08:00:00Z`);
      const worker = await startWorker(url, 'report');
      // From before the report is computed to after it was sent.
      await sleep(20 + index * 100);
      await kill(worker);
      await looksLost(db);
      const last = await startWorker(url, 'report');
      await expect
        .poll(
          async () =>
            (await messages(db)).filter(
              ({ report_day, status }) => report_day === day && status === 'sent',
            ).length,
          { timeout: 60_000 },
        )
        .toBe(1);
      await kill(last);
      await looksLost(db);
    }
    const rows = await messages(db);
    expect(rows.map(({ report_day }) => report_day)).toEqual(days);
    const came = Map.groupBy(ops.received, ({ id }) => id);
    expect([...came.keys()].toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
    // What came again was counted, and says so.
    for (const { id, repeats } of rows) {
      expect(came.get(id)!.length).toBeLessThanOrEqual(repeats + 1);
      for (const again of came.get(id)!.slice(1)) expect(again.data.repeats).toBeGreaterThan(0);
    }
  }, 300_000);
});

describe('after a change of its time or zone', () => {
  const inZone = (at: string, timezone: string) => ({ ...record, report: { at, timezone } });

  test('each morning of the zone has its report, which begins where the one before it ended', async () => {
    const { db, at, make, setTo } = await world();
    for (const [now, document] of [
      ['2026-11-29T08:00:00Z', inZone('08:00', 'UTC')],
      // An hour later: 25 hours.
      ['2026-11-30T09:00:00Z', inZone('09:00', 'UTC')],
      // Two hours earlier: 22 hours.
      ['2026-12-01T07:00:00Z', inZone('07:00', 'UTC')],
      // The morning of 2 December begins in Auckland, then in Tokyo, then in New York.
      ['2026-12-01T22:58:00Z', inZone('11:58', 'Pacific/Auckland')],
      ['2026-12-01T23:13:00Z', inZone('08:13', 'Asia/Tokyo')],
      ['2026-12-02T13:00:00Z', inZone('08:00', 'America/New_York')],
      ['2026-12-03T13:00:00Z', inZone('08:00', 'America/New_York')],
    ] as const) {
      // Set some minutes before.
      await setTo(document, new Date(Date.parse(now) - 5 * 60_000).toISOString());
      await at(now);
      expect((await make()).figures, now).toEqual({ messages: 1 });
      expect((await make()).figures, now).toEqual({ messages: 0 });
    }
    expect(await periods(db)).toEqual([
      ['2026-11-28T08:00:00.000Z', '2026-11-29T08:00:00.000Z'],
      ['2026-11-29T08:00:00.000Z', '2026-11-30T09:00:00.000Z'],
      ['2026-11-30T09:00:00.000Z', '2026-12-01T07:00:00.000Z'],
      ['2026-12-01T07:00:00.000Z', '2026-12-01T22:58:00.000Z'],
      ['2026-12-01T22:58:00.000Z', '2026-12-01T23:13:00.000Z'],
      ['2026-12-01T23:13:00.000Z', '2026-12-02T13:00:00.000Z'],
      ['2026-12-02T13:00:00.000Z', '2026-12-03T13:00:00.000Z'],
    ]);
  });

  test('a day of one zone has one report: a later time holds from the next day on', async () => {
    const { db, at, make, setTo } = await world();
    await at('2026-11-29T08:00:00Z');
    await make();
    await setTo(inZone('10:00', 'UTC'), '2026-11-29T08:30:00Z');
    await at('2026-11-29T10:00:00Z');
    expect((await make()).figures).toEqual({ messages: 0 });
    await at('2026-11-30T10:00:00Z');
    expect((await make()).figures).toEqual({ messages: 1 });
    expect((await periods(db)).at(-1)).toEqual([
      '2026-11-29T08:00:00.000Z',
      '2026-11-30T10:00:00.000Z',
    ]);
  });

  test('a time that has passed when it is set leaves no morning out: the report comes at once', async () => {
    const { db, at, make, setTo } = await world();
    await setTo(inZone('16:00', 'UTC'));
    await at('2026-11-29T16:00:00Z');
    await make();
    await setTo(inZone('08:00', 'UTC'), '2026-11-30T15:00:00Z');
    await at('2026-11-30T15:00:00Z');
    expect((await make()).figures).toEqual({ messages: 1 });
    expect((await periods(db)).at(-1)).toEqual([
      '2026-11-29T16:00:00.000Z',
      '2026-11-30T08:00:00.000Z',
    ]);
  });

  test('what ended more than 31 days before is left out', async () => {
    const { db, at, make } = await world();
    await at('2026-11-29T08:00:00Z');
    await make();
    await at('2027-01-10T08:00:00Z');
    expect((await make()).figures).toEqual({ messages: 1 });
    expect(await periods(db)).toEqual([['2026-12-10T08:00:00.000Z', '2027-01-10T08:00:00.000Z']]);
  });

  test('a report of settings that were changed while it was made is not kept', async () => {
    const { db, at, make, setTo } = await world();
    await at('2026-11-29T08:00:00Z');
    const { signal } = new AbortController();
    const made = await makeAndQueue({
      db,
      signal,
      // The settings are changed, and another process sends their report, before this one writes.
      commit: async (write) => {
        await setTo(inZone('07:59', 'UTC'), '2026-11-29T07:58:00Z');
        expect((await make()).figures).toEqual({ messages: 1 });
        return db.transaction().execute(write);
      },
      request: async () => {},
    });
    expect(made).toEqual({ messages: 0 });
    expect(await periods(db)).toHaveLength(1);
    expect((await make()).figures).toEqual({ messages: 0 });
  });
});

describe('a channel', () => {
  test('of mail has the report as text of 80 columns and as a page without links', async () => {
    const smtp = await smtpServer();
    const config = email.config.parse({
      host: '127.0.0.1',
      port: smtp.port,
      security: 'none',
      from: 'roundsman@example.com',
      to: ['owner@example.com'],
    });
    const sent = await email.deliver(
      message({
        report: hostileReport('see https://evil.example/x <script>alert(1)</script>'),
        repeats: 1,
      }),
      contextOf<any>({ host: `127.0.0.1:${smtp.port}`, config }),
    );
    expect(sent).toMatchObject({ sent: true });
    const raw = smtp.taken[0]!.raw.replaceAll(/=\r\n/g, '').replaceAll('=3D', '=');
    expect(raw).toContain('Content-Type: text/plain');
    expect(raw).toContain('Content-Type: text/html');
    expect(raw).not.toContain('https://evil.example');
    expect(raw.slice(raw.indexOf('Content-Type: text/html'))).not.toContain('<script>alert');
    expect(raw.match(/This may be a repeat/g)).toHaveLength(2);
  });

  test('of Slack keeps its limits, whatever rows say', () => {
    for (const [name, text] of Object.entries(hostile)) {
      const { blocks } = messageBlocks(
        message({ report: hostileReport(text.slice(0, 200)) }),
        false,
      );
      expect(Buffer.byteLength(JSON.stringify(blocks)), name).toBeLessThanOrEqual(12_000);
      expect(JSON.stringify(blocks), name).not.toContain('mrkdwn');
    }
  });

  test('of a webhook has 64,000 bytes at most, and says what is left out', () => {
    const report = sample();
    const bots = Array.from({ length: 1_000 }, (_, at) => ({
      ...report.bots[0]!,
      name: `bot-${at}`,
    }));
    const gaps = Array.from({ length: 1_000 }, (_, at) => ({
      ...report.gaps[0]!,
      bot: `bot-${at}`,
    }));
    const body = bodyOf(message({ report: { ...report, bots, gaps } }));
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(64_000);
    const { data } = JSON.parse(body);
    expect(data.cut).toMatch(
      /Cut here: \d+ bots, \d+ gaps\. All of it: `npx roundsman report --since 2026-11-28T08:00:00Z`/,
    );
    expect(data.report.bots.length + Number(/(\d+) bots/.exec(data.cut)![1])).toBe(1_000);
  });

  test('of the log has lines', () => {
    const text = briefLines(message()).join('\n');
    expect(text).toContain('Morning report 2026-11-29: 1 slot unexplained, 1 thing needs you');
    expect(text).toContain('tickets show T-3');
  });
});
