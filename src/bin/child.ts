/**
 * A child process of a worker: checks and remedies run in here, so that one which spins, leaks or ends
 * its process costs this process and not the worker. Started by src/run/child/child.ts.
 */
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { Worker } from 'node:worker_threads';
import { beside } from '../beside.ts';
import { catalogueOf } from '../catalogue.ts';
import { connect, forEngine } from '../data/connect.ts';
import { carryOutWith } from '../run/child/carry-out.ts';
import { listen } from '../run/child/listen.ts';

// Ctrl-C and a process manager's signals reach the whole group; the worker decides when a child ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

new Worker(beside('../run/child/guard', import.meta.url)).unref();

// What ends it is said at once. process.exit() would then wait for the guard, which waits for the worker.
process.on('uncaughtExceptionMonitor', (error) => void writeSync(2, `${error?.stack ?? error}\n`));
process.on('exit', (code) => {
  writeSync(2, `exit code ${code}\n`);
  process.kill(process.pid, 'SIGKILL');
});

const { bots, remedies } = await import(process.argv[2]!);
const catalogue = catalogueOf(bots, remedies);
// Now, for its own end is sudden.
flushCompileCache();

// What only reads does not notice when its server becomes a standby: a session is not used for longer.
const lasting = { lifetimeSeconds: 60, plansAnew: true };

listen(({ databaseUrl, name }) =>
  carryOutWith({
    catalogue,
    db: connect(databaseUrl, { name, max: 1, ...lasting, ...forEngine }),
    // Two, for a check that asks beside its own transaction.
    reader: connect(databaseUrl, { name, max: 2, readOnly: true, ...lasting, ...forEngine }),
  }),
);
