/** Tickets told through Slack and mail, from the event to the receiver. */
import { expect, test } from 'vitest';
import { scene } from './scene.ts';
import { happen, hurry, messages, openTickets, resolve, setNotifications } from './tickets.ts';
import { channel, slackServer, token } from './slack-server.ts';
import { smtpServer } from './smtp-server.ts';

test('a ticket has one message in Slack, which its changes edit, and one conversation by mail', async () => {
  const { db, route, deliver } = await scene({ secrets: { SLACK_TOKEN: token } });
  const slack = await slackServer();
  const smtp = await smtpServer();
  await setNotifications(db, {
    channels: {
      chat: { kind: 'slack', token: '{{secret:SLACK_TOKEN}}', channel, api_url: slack.api },
      mail: {
        kind: 'email',
        host: '127.0.0.1',
        port: smtp.port,
        security: 'none',
        from: 'roundsman@example.com',
        to: ['ops@example.com'],
      },
    },
    routes: [{ to: ['chat', 'mail'] }],
    hosts: [slack.host, `127.0.0.1:${smtp.port}`],
  });
  const [ticket] = await openTickets(db, 1, { severity: 'critical' });
  const tell = async () => {
    await route();
    await hurry(db);
    await deliver();
  };
  await tell();
  await happen(db, ticket!.id, 'acknowledged');
  await tell();
  await resolve(db, ticket!.id);
  await tell();

  expect((await messages(db)).map(({ status }) => status)).not.toContain('failed');
  expect(slack.parents()).toHaveLength(1);
  expect(slack.parents()[0]!.edits).toBeGreaterThan(0);
  expect(JSON.stringify(slack.parents()[0]!.blocks)).toContain('critical, resolved');
  expect(JSON.stringify(slack.replies())).toContain('ann resolved it: done');
  const ids = smtp.taken.map(({ raw }) => /^Message-ID: (\S+)/m.exec(raw)![1]);
  expect(ids.length).toBeGreaterThan(1);
  for (const { raw } of smtp.taken.slice(1)) expect(raw).toContain(`References: ${ids[0]}`);
  expect(new Set(smtp.taken.map(({ raw }) => /^Subject: (.*)/m.exec(raw)![1])).size).toBe(1);
});

test('a token that was revoked switches the channel off, with a ticket', async () => {
  const { db, route, deliver } = await scene({ secrets: { SLACK_TOKEN: 'xoxb-revoked' } });
  const slack = await slackServer();
  await setNotifications(db, {
    channels: {
      chat: { kind: 'slack', token: '{{secret:SLACK_TOKEN}}', channel, api_url: slack.api },
    },
    routes: [{ to: ['chat'] }],
    hosts: [slack.host],
  });
  await openTickets(db, 1, { severity: 'critical' });
  await route();
  await deliver();
  const tickets = await db.selectFrom('bot_tickets').selectAll().execute();
  expect(tickets.length).toBe(2);
  expect(JSON.stringify(tickets)).toContain('it does not know the token');
  expect(JSON.stringify(tickets)).not.toContain('xoxb-revoked');
});
