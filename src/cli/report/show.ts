import { exitCodes } from '../../ground/errors.ts';
import type { Moment } from '../../services/bots/backfill.ts';
import { showReport as read, type ReportFormat } from '../../services/report/show.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, put } from '../terminal/print.ts';

/** `--json` is short for `--output json`, and `--format` is another name of `--output`. */
export const showReport = (options: {
  since: Moment;
  output?: ReportFormat;
  format?: ReportFormat;
  json?: true;
}): Promise<void> =>
  withDatabase(async ({ db }) => {
    const format = options.json ? 'json' : (options.output ?? options.format ?? 'text');
    const { report, text } = await read(db, { since: options.since, format });
    if (report.verdict.needs_attention) process.exitCode = exitCodes.needsAttention;
    if (text === null) printJson(report);
    else put(text);
  });
