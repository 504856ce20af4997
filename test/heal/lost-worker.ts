/** A worker in a process of its own, with real children, that its test kills. */
import { randomUUID } from 'node:crypto';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { connect, endSessions } from '../../src/database/connect.ts';
import { openEvents } from '../../src/events/events.ts';
import { openQueue } from '../../src/queue/run-queue.ts';
import { openChildren } from '../../src/run/tasks/children.ts';
import { bots, remedies } from './lost-bots.ts';
import { engineOf } from '../support/engine-of.ts';
import { workInProcess } from '../support/work-in-process.ts';

const [databaseUrl = ''] = process.argv.slice(2);
const { emit } = openEvents();
const db = connect(databaseUrl, { name: 'lost worker', max: 6 });
const worker = `lost-${process.pid}-${randomUUID().slice(0, 8)}`;
const queue = await openQueue(db, { redisUrl: undefined, databaseUrl }, () => {});
const catalogue = catalogueOf(bots, remedies);
const children = openChildren({
  entry: new URL('../../src/bin/child.ts', import.meta.url),
  catalogue: new URL('./lost-bots.ts', import.meta.url),
  databaseUrl,
  size: 3,
  memoryMb: 256,
  onEnded: (name) => void endSessions(db, name).catch(() => {}),
});
const engine = engineOf({ worker, db, children, catalogue, queue, emit }, databaseUrl);
workInProcess({ ...engine, queue }, 3);
