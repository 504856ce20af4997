/** The delivering worker is killed while it makes an issue at GitHub, whose lists are behind. */
import { sql } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished, expect, test } from 'vitest';
import { deliver } from '../../jobs/deliver.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { serveGitHub } from '../github/server.ts';
import { repositoryState } from '../github/state.ts';
import { testDatabase } from '../support/database.ts';
import { kill, looksLost, startWorker } from './kills.ts';
import { openTickets, setNotifications } from './tickets.ts';
import { key } from './webhook-key.ts';

async function scene() {
  const {
    url: github,
    host,
    state,
  } = await serveGitHub([repositoryState('acme/alarms', new Date())]);
  const { db, url } = await testDatabase();
  // The worker of kills.ts opens every secret with this value.
  state.token = key;
  await registerJobs(db, [deliver]);
  await setNotifications(db, {
    channels: {
      tracker: {
        kind: 'github-issue',
        repository: 'acme/alarms',
        token: '{{secret:GITHUB_TOKEN}}',
        base_url: github,
      },
    },
    routes: [{ to: ['tracker'] }],
    hosts: [host],
  });
  await sql`INSERT INTO engine.channels (name) VALUES ('tracker')`.execute(db);
  const [ticket] = await openTickets(db, 1);
  await sql`INSERT INTO bot_notifications (ticket_id, channel, opens) VALUES (${ticket!.id}, 'tracker', true)`.execute(
    db,
  );
  const message = () =>
    db
      .selectFrom('bot_notifications')
      .select(['status', 'reference', 'repeats'])
      .executeTakeFirstOrThrow();
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await sleep(10);
  };
  const work = async () => {
    const worker = await startWorker(url);
    onTestFinished(() => void worker.kill('SIGKILL'));
    return worker;
  };
  return { db, state, message, until, work };
}

test.each([
  ['before GitHub has answered', 0],
  ['after GitHub has answered, and before that is written down', 1],
])('a worker that is killed %s leaves one issue', { timeout: 120_000 }, async (_, later) => {
  const { db, state, message, until, work } = await scene();
  const issues = () => state.issues.get('acme/alarms') ?? [];
  // From the making of the issue on, the server holds its answers back.
  let isHeld = false;
  const held: (typeof state.instead)[number] = ({ method }, answer) => {
    if (issues().length < later) return 'pass';
    if (method !== 'POST' && issues().length === 0) return 'pass';
    if (later === 0) {
      // It makes the issue, and does not answer.
      answer.end = ((): typeof answer => answer) as typeof answer.end;
      isHeld = true;
      return 'pass';
    }
    isHeld = true;
    return undefined;
  };
  state.instead.push(held);
  const first = await work();
  await until(() => isHeld);
  await until(() => issues().length === 1);
  await kill(first);
  state.instead.length = 0;
  state.unlisted.add(1);
  await looksLost(db);
  const second = await work();
  await until(async () => (await message()).status === 'sent');
  await kill(second);
  expect(await message()).toEqual({ status: 'sent', reference: '1', repeats: 1 });
  expect(issues()).toHaveLength(1);
});
