import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { forms, type ReportFormat } from '../../report/formats.ts';
import type { Report } from '../../report/report.ts';
import type { Moment } from '../bots/backfill.ts';
import { makeReport } from './make.ts';
import { boundsSince } from './period.ts';

export type { ReportFormat } from '../../report/formats.ts';

/**
 * The report about the time from `since` until now, and its text in this format; null for JSON, which is the report itself. Throws
 * UsageError for a period that is too short or too long.
 */
export async function showReport(
  db: Db,
  { since, format }: { since: Moment; format: ReportFormat },
): Promise<{ report: Report; text: string | null }> {
  const report = await makeReport(db, boundsSince(since, await currentTime(db)));
  return { report, text: format === 'json' ? null : forms[format](report) };
}
