/** Silences that end soon over an open problem, and those that hide a critical one. */
import { silenceCovers, silenceInForce, sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';
import { hourMs, hoursBefore } from '../parts/time.ts';
import type { Config } from './config.ts';

const component = 'silences';
/** How many silences or findings a finding names. */
const maxNamed = 20;
/** How many open critical findings are looked at, the newest first. */
const maxCritical = 2_000;

interface Ending {
  in_force: number;
  ending: number;
  findings: number;
  first: Date | null;
  named: object[];
}

/**
 * A silence that was made for an hour ends soon from its beginning, and its owner knows that. So only a silence that was made for at
 * least twice `ending_hours` is reported, and only while it hides something.
 */
export async function findEndingSilences(
  { ending_hours }: Config,
  { db, now }: CheckContext,
): Promise<CheckResult> {
  const until = hoursBefore(now, -ending_hours);
  const { rows } = await sql<Ending>`
    WITH in_force AS MATERIALIZED (
      SELECT s.*, coalesce(NOT s.until_resolved AND s.expires_at <= ${until}
          AND s.expires_at - s.created_at >= make_interval(secs => ${ending_hours * 2 * 3_600}), false) AS ends
      FROM bot_silences s WHERE ${silenceInForce}
    ), ending AS MATERIALIZED (
      SELECT s.id, s.owner, left(s.reason, 200) AS reason, s.expires_at, hidden.findings
      FROM in_force s CROSS JOIN LATERAL (
        SELECT count(*)::int AS findings FROM bot_findings f WHERE f.resolved_at IS NULL AND ${silenceCovers('f')}
      ) hidden
      WHERE s.ends AND hidden.findings > 0
    )
    SELECT (SELECT count(*)::int FROM in_force) AS in_force, count(*)::int AS ending,
      coalesce(sum(findings), 0)::int AS findings, min(expires_at) AS first,
      (SELECT coalesce(jsonb_agg(to_jsonb(e)), '[]')
       FROM (SELECT * FROM ending ORDER BY expires_at, id LIMIT ${maxNamed}) e) AS named
    FROM ending`.execute(db);
  const { in_force, ending, findings, first, named } = rows[0]!;
  const hours = first ? Math.max(0, Math.floor((first.getTime() - now.getTime()) / hourMs)) : 0;
  return {
    examined: [component],
    figures: [
      { name: 'silences in force', value: in_force },
      { name: 'silences that end soon', value: ending },
    ],
    findings:
      ending === 0
        ? []
        : [
            {
              severity: 'low',
              category: 'silences',
              title: `${counted(ending, 'silence that hides open findings ends', 'silences that hide open findings end')} soon, the first in ${counted(hours, 'hour')}`,
              description:
                'When a silence ends, people are told of the findings that it hides, and healing acts on them.',
              component,
              metadata: { silences: ending, findings, ending_hours, named },
            },
          ],
  };
}

interface Hidden {
  critical: number;
  hidden: number;
  reported: number;
  named: object[];
}

/**
 * A person who silences an open critical finding, or exactly its problem, does so on purpose: that is reported only after
 * `hidden_hours`. A silence that is older than the finding, and covers more than it, hides what its owner never saw.
 */
export async function findHiddenCritical(
  { hidden_hours }: Config,
  { db, now }: CheckContext,
): Promise<CheckResult> {
  const since = hoursBefore(now, hidden_hours);
  const { rows } = await sql<Hidden>`
    WITH critical AS MATERIALIZED (
      SELECT f.* FROM bot_findings f
      WHERE f.severity = 'critical' AND f.resolved_at IS NULL AND f.unexamined_since IS NULL
      ORDER BY f.detected_at DESC, f.id LIMIT ${maxCritical + 1}
    ), hidden AS MATERIALIZED (
      SELECT f.id, f.title, f.affected_component, f.detected_at, by.*
      FROM critical f CROSS JOIN LATERAL (
        SELECT count(*) AS silences, (array_agg(s.id ORDER BY s.created_at, s.id))[1] AS silence,
          (array_agg(s.owner ORDER BY s.created_at, s.id))[1] AS owner,
          coalesce(bool_or((s.fingerprint IS NOT NULL OR s.created_at >= f.detected_at) AND s.created_at > ${since}), false)
            AS meant
        FROM bot_silences s WHERE ${silenceInForce} AND ${silenceCovers('f')}
      ) by
      WHERE by.silences > 0
    )
    SELECT (SELECT count(*)::int FROM critical) AS critical, count(*)::int AS hidden,
      (count(*) FILTER (WHERE NOT meant))::int AS reported,
      (SELECT coalesce(jsonb_agg(to_jsonb(h)), '[]') FROM (
         SELECT id AS finding, left(title, 200) AS title, affected_component AS component, detected_at, silence, owner
         FROM hidden WHERE NOT meant ORDER BY detected_at, id LIMIT ${maxNamed}) h) AS named
    FROM hidden`.execute(db);
  const { critical, hidden, reported, named } = rows[0]!;
  return {
    examined: [component],
    figures: [
      { name: 'open critical findings', value: critical },
      { name: 'critical findings hidden by silences', value: hidden },
    ],
    truncated: critical > maxCritical,
    findings:
      reported === 0
        ? []
        : [
            {
              severity: 'high',
              category: 'silences',
              title: `${counted(reported, 'critical finding is', 'critical findings are')} hidden by silences`,
              description: `Each of them began after a wider silence that covers it, or has been hidden for more than ${counted(hidden_hours, 'hour')}.`,
              component,
              metadata: { findings: reported, hidden_hours, named },
            },
          ],
  };
}
