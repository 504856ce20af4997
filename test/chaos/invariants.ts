/** Checks what the protocol promises about rows, when no run is queued or running. */
import type { PostgresServer } from './postgres-server.ts';

const ended = `e.status IN ('success', 'failed', 'timeout')`;

/** The key says how a promise is broken, and the query returns the rows that break it: after a good run, none. */
const promises: Record<string, string> = {
  'queued or running for ever': `
    SELECT e.id || ' of ' || b.name || ': ' || e.status || ' since ' || greatest(e.queued_at, e.started_at)
    FROM bot_executions e JOIN bots b ON b.id = e.bot_id WHERE e.status IN ('queued', 'running')`,
  'more than one open finding of a fingerprint': `
    SELECT fingerprint FROM bot_findings WHERE resolved_at IS NULL GROUP BY bot_id, fingerprint HAVING count(*) > 1`,
  'more than one unfinished action of a fingerprint': `
    SELECT fingerprint FROM bot_actions WHERE state IN ('intent', 'applied', 'unknown')
    GROUP BY fingerprint HAVING count(*) > 1`,
  'more than one open ticket of a fingerprint': `
    SELECT fingerprint FROM bot_tickets WHERE status IN ('open', 'assigned')
    GROUP BY bot_id, fingerprint HAVING count(*) > 1`,
  'an action that was applied twice': `
    SELECT action::text FROM chaos.applied GROUP BY action HAVING count(*) > 1`,
  'an action whose effect is not there once': `
    SELECT a.action || ': ' || count(e) FROM chaos.applied a LEFT JOIN chaos.effects e USING (xact)
    GROUP BY a.action, a.xact HAVING count(e) <> 1`,
  'an effect without its action': `
    SELECT name FROM chaos.effects WHERE xact NOT IN (SELECT xact FROM chaos.applied)`,
  'a case that was cured twice': `
    SELECT name FROM chaos.effects GROUP BY name HAVING count(*) > 1`,
  'a finding that was written under a stale fence': `
    SELECT finding || ': fence ' || fence || ', ' || why FROM chaos.stale`,
  'counters that differ from the rows': `
    SELECT b.name || ': ' || concat_ws('/', b.total_runs, b.successful_runs, b.failed_runs) || ' for '
           || concat_ws('/', e.total, e.good, e.total - e.good)
    FROM bots b CROSS JOIN LATERAL (
      SELECT count(*) AS total, count(*) FILTER (WHERE e.status = 'success') AS good
      FROM bot_executions e WHERE e.bot_id = b.id AND ${ended} AND e.trigger <> 'verify') e
    WHERE (b.total_runs, b.successful_runs, b.failed_runs) IS DISTINCT FROM (e.total, e.good, e.total - e.good)`,
  'a bot that is in error': `
    SELECT name || ': ' || status_reason FROM bots WHERE status = 'error'`,
  'a spinning bot that did not end as timeout': `
    SELECT e.id || ': ' || e.status || ' ' || coalesce(e.reason, '') FROM bot_executions e JOIN bots b ON b.id = e.bot_id
    WHERE b.name LIKE 'spinning-%' AND ${ended} AND e.status <> 'timeout' AND e.reason IS DISTINCT FROM 'worker lost'`,
  'a bot that ends processes and did not fail after its attempts': `
    SELECT e.id || ': ' || e.status || ' after ' || e.attempt FROM bot_executions e JOIN bots b ON b.id = e.bot_id
    WHERE b.name ~ '^(fragile|poison)-' AND ${ended} AND (e.status <> 'failed' OR e.attempt <> e.max_attempts)`,
  'a run that has more attempts than it may': `
    SELECT id || ': ' || attempt FROM bot_executions WHERE attempt > max_attempts`,
};

export async function brokenPromises({ ask }: PostgresServer): Promise<string[]> {
  const broken: string[] = [];
  for (const [promise, query] of Object.entries(promises)) {
    const rows = await ask<{ what: string }>(`SELECT q.what FROM (${query}) AS q (what)`);
    broken.push(...rows.map(({ what }) => `${promise}: ${what}`));
  }
  return broken;
}
