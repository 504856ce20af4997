/** Sessions that wait for a lock. Who waits, since when and for whom is visible to every role. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted, span } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { category } from './report.ts';

interface Wait {
  pid: number;
  role: string | null;
  kind: string;
  mode: string;
  relation: string | null;
  seconds: number;
  blockers: number[];
  waiting: number;
}

/** For how many waits the check asks who blocks them: each call of pg_blocking_pids() locks PostgreSQL's table of locks. */
const maxAsked = 20;

export async function findBlocked(
  { blocked_seconds: from, blocked_severe_seconds: severe }: Config,
  { db, now }: CheckContext,
): Promise<CheckResult> {
  const { rows } = await sql<Wait>`
    WITH waits AS MATERIALIZED (
      SELECT l.pid, a.usename AS role, l.locktype AS kind, l.mode, c.relname AS relation,
        extract(epoch FROM ${now}::timestamptz - l.waitstart)::float8 AS seconds
      FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN pg_class c ON c.oid = l.relation
      WHERE NOT l.granted AND l.waitstart IS NOT NULL AND a.datname = current_database()
    ), longest AS MATERIALIZED (
      SELECT *, (SELECT count(*)::int FROM waits) AS waiting FROM waits ORDER BY seconds DESC, pid LIMIT ${maxAsked}
    )
    SELECT *, (pg_blocking_pids(pid))[1:10] AS blockers FROM longest ORDER BY seconds DESC, pid`.execute(
    db,
  );
  const found = rows.filter(({ seconds }) => seconds >= from);
  const [longest] = found;
  const seconds = Math.max(0, rows[0]?.seconds ?? 0);
  return {
    examined: ['sessions'],
    figures: [
      { name: 'sessions that wait for a lock', value: rows[0]?.waiting ?? 0 },
      { name: 'longest wait for a lock', value: Math.round(seconds), unit: 's' },
    ],
    findings: longest
      ? [
          {
            severity: seconds >= severe ? 'high' : 'medium',
            category,
            title: `Blocked sessions: ${counted(longest.waiting, 'session waits', 'sessions wait')} for a lock, the longest for ${span(seconds)}${headInWords(found)}`,
            description: 'They wait until the session that holds the lock ends its transaction.',
            component: 'sessions',
            metadata: {
              sample: found.map(({ waiting: _, ...wait }) => ({
                ...wait,
                seconds: Math.round(wait.seconds),
              })),
            },
          },
        ]
      : [],
  };
}

/** Names the process at the head of the queue: one that blocks others, and does not wait itself. */
function headInWords(found: Wait[]): string {
  const waiting = new Set(found.map(({ pid }) => pid));
  const head = found
    .flatMap(({ blockers }) => blockers)
    .find((pid) => pid > 0 && !waiting.has(pid));
  return head === undefined ? '' : `, behind process ${head}`;
}
