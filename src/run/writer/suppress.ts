import { sql } from 'kysely';
import { isRunning } from '../../data/bots/fence.ts';
import { statement } from '../../batch/statement.ts';
import type { Recording } from './recording.ts';
import type { Run } from './run.ts';

type Recorded = { run: Run; recording: Recording };

export const dependent = ({ recording }: Recorded): boolean =>
  recording.findings.some(({ depends_on }) => depends_on.length > 0);

/** `$1` of {@link suppressRuns}. */
export const suppressValues = (runs: Recorded[]): [string] => [
  JSON.stringify(
    runs.flatMap(({ run: { id, fence }, recording }) =>
      recording.findings.flatMap(({ fingerprint, depends_on }) =>
        depends_on.length > 0 ? [{ id, fence, fingerprint, depends_on }] : [],
      ),
    ),
  ),
];

/**
 * After the record, in its transaction: what was found behind an open finding of a component that it depends
 * on, of whatever bot, is marked with that finding, the oldest of several. The record has cleared the mark,
 * so it is right again with every run.
 */
export const suppressRuns = statement(
  'suppress',
  sql`
  UPDATE bot_findings f
  SET suppressed_by = (
    SELECT p.id FROM bot_findings p
    WHERE p.resolved_at IS NULL AND p.affected_component = ANY (r.depends_on) AND p.fingerprint <> f.fingerprint
      AND NOT engine.waits_for_events(p.fingerprint, p.last_seen_at)
    ORDER BY p.detected_at, p.id LIMIT 1)
  FROM jsonb_to_recordset($1::jsonb) AS r (id uuid, fence bigint, fingerprint text, depends_on text[])
  JOIN bot_executions e ON e.id = r.id AND e.fence = r.fence AND ${isRunning}
  WHERE f.bot_id = e.bot_id AND f.fingerprint = r.fingerprint AND f.resolved_at IS NULL AND f.last_execution_id = r.id`,
);
