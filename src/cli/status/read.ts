import * as overview from '../../data/bots/overview.ts';
import type { Db } from '../../database/connect.ts';
import { ofOneMoment, readFacts, schedulersOf, workersOf } from '../../services/progress/facts.ts';
import { counted } from '../terminal/print.ts';

/** Everything that `status` shows, of one moment. */
export const readStatus = (db: Db) =>
  ofOneMoment(db, async (trx) => ({
    ...(await readFacts(trx)),
    runs: await overview.countRuns(trx),
    failures: await overview.newestFailures(trx),
    findings: await overview.countFindings(trx),
    quiet: await overview.countQuiet(trx),
    heals: await overview.countHeals(trx),
  }));

export type Status = Awaited<ReturnType<typeof readStatus>>;

/** `1 scheduler, 2 workers`; null when nothing is alive. */
export function aliveInWords({ nodes }: Status): string | null {
  const schedulers = schedulersOf(nodes).length;
  const workers = workersOf(nodes).length;
  return schedulers + workers === 0
    ? null
    : `${counted(schedulers, 'scheduler')}, ${counted(workers, 'worker')} alive`;
}
