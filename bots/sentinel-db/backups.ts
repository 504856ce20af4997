/** Whether there is a new backup, and whether one was lately proven by a restored copy. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { number } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { category } from './report.ts';

interface Backups {
  folder: string | null;
  known: number;
  /** hours since the moment of the newest backup, and of the newest proven one; null where there is none */
  age: number | null;
  proven_age: number | null;
  /** hours since the first backup was begun, or since the folder was set */
  since: number | null;
  /** how the newest one that has ended went, and why it failed */
  outcome: string | null;
  error: string | null;
  proof_error: string | null;
}

const hours = (moment: ReturnType<typeof sql>) =>
  sql`(extract(epoch FROM engine.now() - ${moment}) / 3600)::float8`;

/** After the clock was set back, backups of the future would hide for so long that none are made. */
const isPast = sql`began_at <= engine.now() + interval '1 hour'`;

export async function findOldBackups(config: Config, context: CheckContext): Promise<CheckResult> {
  const { rows } = await sql<Backups>`
    SELECT folder.value AS folder, seen.known, seen.age, seen.proven_age,
           greatest(seen.since, folder.since) AS since, newest.outcome, newest.error, newest.proof_error
    FROM (
      SELECT count(*)::float8 AS known, min(${hours(sql`taken_at`)}) FILTER (WHERE outcome = 'success' AND removed_at IS NULL) AS age,
             min(${hours(sql`taken_at`)}) FILTER (WHERE proven_at IS NOT NULL AND proof_error IS NULL AND removed_at IS NULL) AS proven_age,
             max(${hours(sql`began_at`)}) AS since
      FROM engine.backups WHERE ${isPast}
    ) seen
    LEFT JOIN LATERAL (
      SELECT value #>> '{}' AS value, ${hours(sql`changed_at`)} AS since FROM engine.settings WHERE key = 'backup_folder'
    ) folder ON true
    LEFT JOIN LATERAL (
      SELECT outcome, error_message AS error, proof_error FROM engine.backups
      WHERE outcome <> 'running' AND ${isPast} ORDER BY began_at DESC LIMIT 1
    ) newest ON true`.execute(context.db);
  const { folder, known, age, proven_age: provenAge, since, ...newest } = rows[0]!;
  // A single backup by hand, as before an upgrade, promises no next one; who makes more of them by a schedule outside is told.
  const failure = newest.outcome === 'success' ? newest.proof_error : newest.error;
  if (folder === null && known <= 1 && failure === null)
    context.skip(
      `${known === 0 ? 'no backups are made here' : 'one backup was made by hand, and none is planned'}: \`npx roundsman settings backup_folder /var/backups/roundsman\` has one made each day`,
    );
  const findings: ReportedFinding[] = [];
  const report = (
    key: string,
    severity: 'critical' | 'high' | 'medium',
    title: string,
    description: string,
  ) => findings.push({ category, component: 'backups', key, severity, title, description });
  // Before the first one there is nothing to be old: then it counts since when there should be one.
  const old = age ?? since ?? 0;
  const unproven = provenAge ?? since ?? 0;
  if (old >= config.backup_hours)
    report(
      'age',
      old >= config.backup_severe_hours ? 'critical' : 'high',
      age === null
        ? `No backup has succeeded for ${number(old)} hours`
        : `The newest backup is ${number(old)} hours old`,
      'Rows that were written since then would be lost with the server. `npx roundsman jobs show backup` says why none was made.',
    );
  if (unproven >= config.proof_hours)
    report(
      'proof',
      'high',
      provenAge === null
        ? `No backup was ever proven, for ${number(unproven)} hours`
        : `The newest proven backup is ${number(unproven)} hours old`,
      newest.proof_error ??
        'A backup that was never restored may not be one. `npx roundsman db backup verify` restores a copy and compares it.',
    );
  if (failure !== null)
    report(
      'failed',
      'medium',
      newest.outcome === 'success'
        ? 'The newest backup failed its proof'
        : 'The newest backup failed',
      failure,
    );
  return {
    examined: ['age', 'proof', 'failed'],
    figures: [
      { name: 'backups that are known', value: known },
      ...(age === null ? [] : [{ name: 'age of the newest backup', value: age, unit: 'h' }]),
      ...(provenAge === null
        ? []
        : [{ name: 'age of the newest proven backup', value: provenAge, unit: 'h' }]),
    ],
    findings,
  };
}
