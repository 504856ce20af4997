/**
 * A worker that delivers until it is killed: carries every run of the job deliver that waits, and with `report` as its second
 * argument of send-report, too. Started by kills.ts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { deliver } from '../../jobs/deliver.ts';
import { sendReport } from '../../jobs/send-report.ts';
import { connect, forEngine, shortStatements } from '../../src/database/connect.ts';
import { openEvents } from '../../src/events/events.ts';
import { openLog } from '../../src/log.ts';
import { readConfig } from '../../src/config.ts';
import { keepJobLeases } from '../../src/run/jobs/job-leases.ts';
import { performJob } from '../../src/run/jobs/perform-job.ts';
import { requestOnce } from '../../src/transitions/jobs/request.ts';
import { key } from './webhook-key.ts';

const [url, which] = process.argv.slice(2);
const jobs = which === 'report' ? [sendReport, deliver] : [deliver];
const db = connect(url!, { name: 'killed', max: 4, ...shortStatements, ...forEngine });
const { emit } = openEvents();
const engine = {
  worker: `worker-${process.pid}`,
  db,
  databaseUrl: url!,
  queue: { add: async () => {} },
  jobs,
  leases: keepJobLeases(db, emit),
  secrets: {
    open: async (names: readonly string[]) => names.map((name) => ({ name, value: key })),
  },
  emit,
  log: openLog({ ...readConfig({}), logLevel: 'silent' }),
};
process.once('disconnect', () => process.exit());
process.send?.('ready');
for (let turn = 0; ; turn += 1) {
  const queued = await db
    .selectFrom('engine.job_runs')
    .select(['id', 'generation'])
    .where('status', '=', 'queued')
    .limit(1)
    .executeTakeFirst();
  const entry = queued
    ? ({ kind: 'job', ...queued } as const)
    : await requestOnce(db, jobs[turn % jobs.length]!);
  if (entry) await performJob(engine, entry);
  await sleep(5);
}
