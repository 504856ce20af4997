/**
 * A child process of a worker. Checks and remedies run in it, so that code which loops, leaks memory or ends its
 * process costs this process and not the worker. src/children/child.ts starts it.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { Worker } from 'node:worker_threads';
import { moduleBeside } from '../ground/module-beside.ts';
import { catalogueOf } from '../catalogue/catalogue.ts';
import { forEngine } from '../database/connect.ts';
import { openTaskSessions } from '../database/task-sessions.ts';
import { carryOutWith } from '../run/tasks/carry-out.ts';
import { isLeftBehind } from '../children/current-task.ts';
import { exitMessage } from '../children/exit-message.ts';
import { listen } from '../children/listen.ts';
import { markName } from '../children/processes.ts';
import { descendantsOf, kill } from '../ground/processes.ts';
import { watchSelf } from '../children/idle-report.ts';
import type { CarryOut } from '../run/tasks/task.ts';

// Ctrl-C and a process manager's signals reach the whole group; the worker decides when a child ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP'] as const)
  process.on(signal, () => {});

new Worker(moduleBeside('../children/guard', import.meta.url)).unref();

// Writes at once why the process ends. An ordinary process.exit() would wait for the guard thread, which waits for the
// worker; so SIGKILL ends the process.
process.on('uncaughtExceptionMonitor', (error) => void writeSync(2, `${error?.stack ?? error}\n`));
process.on('exit', (code) => {
  for (const pid of descendantsOf(process.pid)) kill(pid);
  writeSync(2, exitMessage(code, isLeftBehind()));
  process.kill(process.pid, 'SIGKILL');
});

const { bots, remedies } = await import(process.argv[2]!);
const catalogue = catalogueOf(bots, remedies);
// Written now, because the process ends without a warning.
flushCompileCache();

// A session that only reads does not notice when its server becomes a standby, so each connection is replaced after
// this time.
const longLived = { lifetimeSeconds: 60, dropsOldPlans: true, ...forEngine };

/** Runs a function outside of any task: a connection does not belong to the task that happens to open it. */
const outside = AsyncLocalStorage.snapshot();

listen(
  ({ databaseUrl, name }): CarryOut => {
    const openWriter = openTaskSessions(databaseUrl, { name, max: 1, ...longLived }, outside);
    // Two, for a check that queries outside of its own transaction as well.
    const openReader = openTaskSessions(
      databaseUrl,
      { name, max: 2, readOnly: true, ...longLived },
      outside,
    );
    return async (kind, task, signal, sendUpdate) => {
      const [writer, reader] = [openWriter(), openReader()];
      try {
        const dependencies = { catalogue, db: writer.db, reader: reader.db };
        return await carryOutWith(dependencies)(kind, task, signal, sendUpdate);
      } finally {
        await Promise.all([writer.end(), reader.end()]);
      }
    };
  },
  () => watchSelf(process.env[markName]!),
);
