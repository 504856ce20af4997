/** Has a check wait for a report that another system sends later. */
import type { AskingRun } from '../../contract/check.ts';
import type { AwaitedReport } from '../../contract/report.ts';
import { awaitedReport } from '../../data/remote/reports.ts';
import type { Db } from '../../database/connect.ts';
import { acceptRequest } from '../../transitions/reports/accept.ts';
import { expectReport } from '../../transitions/reports/expect.ts';
import { giveUpReport } from '../../transitions/reports/give-up.ts';

/** The function by which a check of this run awaits reports. `db` may write: checks themselves only read. */
export const awaitReportWith =
  (db: Db, { id: run, attempt }: Pick<AskingRun, 'id' | 'attempt'>) =>
  async (id: string, withinMs: number): Promise<AwaitedReport> => {
    const expected = await expectReport(db, { id, run, attempt }, withinMs);
    if (!expected)
      throw new Error(`the run ${run} is not running with attempt ${attempt} any more`);
    return {
      ...expected,
      async accept(leaseSeconds) {
        const until = await acceptRequest(db, id, leaseSeconds);
        if (!until) throw gone(id);
        return until;
      },
      async take() {
        const row = await awaitedReport(db, id);
        if (!row) throw gone(id);
        if (row.body !== null) return { body: JSON.parse(row.body) as unknown };
        return { leftMs: row.overdue ? 0 : Math.max(1, row.leftMs) };
      },
      giveUp: () => giveUpReport(db, id),
    };
  };

const gone = (id: string) =>
  new Error(`the request ${id} is not in engine.remote_reports any more`);
