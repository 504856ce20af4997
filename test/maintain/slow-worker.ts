/** A worker in a process of its own whose check says that it began, waits, and reports one problem. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { performRun } from '../../src/run/perform.ts';
import { defineBot, z } from '../../src/bot.ts';
import { inProcess } from '../support/in-process.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { connect } from '../../src/database/connect.ts';
import { openEvents } from '../../src/events/events.ts';
import { startTimers } from '../../src/maintain/timers/start.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { engineOf } from '../support/engine-of.ts';

const [databaseUrl = '', redisUrl = '', waitMs = '0'] = process.argv.slice(2);

const slow = defineBot({
  name: 'slow',
  displayName: 'Slow',
  description: 'Takes its time',
  schedule: '0 0 1 1 *',
  config: z.looseObject({}),
  checks: [
    {
      name: 'is-well',
      title: 'Is it well?',
      async run() {
        process.send?.('began');
        await new Promise((resolve) => setTimeout(resolve, Number(waitMs)));
        const finding = {
          severity: 'high',
          category: 'trouble',
          title: 't',
          component: 'disk',
        } as const;
        return { examined: ['disk'], findings: [finding] };
      },
    },
  ],
});

const { emit } = openEvents();
const db = connect(databaseUrl, { name: 'slow worker', max: 4 });
await sql`SELECT 1`.execute(db);
const worker = `slow-${process.pid}-${randomUUID().slice(0, 8)}`;
const queue = await openQueue(db, { redisUrl: redisUrl || undefined, databaseUrl }, () => {});
const reader = connect(databaseUrl, { max: 2, readOnly: true });
const catalogue = catalogueOf([slow], []);
const children = inProcess({ catalogue, db, reader });
const engine = engineOf({ worker, db, children, catalogue, queue, emit }, databaseUrl);
startTimers({
  db,
  queue,
  catalogue,
  jobs: [],
  emit,
  escalate: escalateLost,
  node: { id: worker, role: 'worker' },
  worker: null,
});
queue.work(
  2,
  (job, free) => performRun(engine, job, free),
  () => {},
);
process.send?.('ready');
// Nobody is left to stop it for.
process.once('disconnect', () => process.exit());
