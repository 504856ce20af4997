/** The architect beside a server that answers as GitHub does: what its tests have in common. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { architect } from '../../bots/architect.ts';
import type { CheckResult } from '../../src/bot.ts';
import type { Db } from '../../src/database/connect.ts';
import { serveGitHub } from '../github/server.ts';
import { commitOf, repositoryState, type RepositoryState } from '../github/state.ts';
import { runCheck } from '../support/check.ts';

export const now = new Date('2026-03-10T12:00:00Z');
export const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
export const daysAgo = (days: number) => minutesAgo(days * 1_440);

let serial = 0;

/** A server with these repositories, all of which are named by the settings. */
export async function architectScene(
  db: Db,
  repositories: RepositoryState[],
  config: Record<string, unknown> = {},
) {
  const { url, host, state } = await serveGitHub(repositories);
  state.token = `ghp_${String(++serial).padStart(36, 'b')}`;
  await allow(db, host);
  const names = repositories.map(({ owner, name }) => `${owner}/${name}`);
  const run = (
    check: string,
    {
      at = now,
      remembered = null as unknown,
      more = {},
      secret = state.token,
      runId = randomUUID() as string,
    } = {},
  ) =>
    runCheck(
      architect,
      check,
      db,
      { base_url: url, repositories: names, ...config, ...more },
      { now: at, remembered, runId, secrets: { GITHUB_TOKEN: secret } },
    );
  return { url, host, state, run };
}

const allow = (db: Db, host: string) =>
  sql`INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([host])}::jsonb)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(db);

export const figure = ({ figures }: CheckResult, name: string) =>
  figures?.find((each) => each.name === name)?.value;

/** The checks that ask GitHub. */
export const asking = architect.checks
  .map(({ name }) => name)
  .filter((name) => name !== 'addresses');

export const repo = (name: string, more: Partial<RepositoryState> = {}) =>
  repositoryState(name, now, more);

/** So many failing commits, the newest first, after one in another state. */
export const failing = (count: number, after: 'SUCCESS' | 'PENDING' | null = 'SUCCESS') => [
  ...Array.from({ length: count }, (_, at) => commitOf(minutesAgo(at * 60 + 20), 'FAILURE')),
  ...(after === null ? [] : [commitOf(minutesAgo(count * 60 + 20), after)]),
];

export const dependency = (
  name: string,
  number: number,
  severity: string,
  at: Date,
  scope = 'runtime',
) => ({
  name,
  alert: {
    number,
    created_at: at.toISOString(),
    dependency: { scope },
    security_advisory: { ghsa_id: `GHSA-aaaa-bbbb-000${number}`, severity },
  },
});
