/** A worker in a process of its own. Its check sends a message that it began, waits, and reports one problem. */
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { defineBot, z } from '../../src/bot.ts';
import { inProcess } from '../support/in-process.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { connect } from '../../src/database/connect.ts';
import { openEvents } from '../../src/events/events.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { engineOf } from '../support/engine-of.ts';
import { workInProcess } from '../support/work-in-process.ts';

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
workInProcess({ ...engine, queue }, 2);
