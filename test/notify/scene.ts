/** A database with channels and a receiver on loopback, and the two jobs carried out in the test's process. */
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { deliver } from '../../jobs/deliver.ts';
import { routeEvents } from '../../jobs/route-events.ts';
import type { Opened } from '../../src/data/secrets/open.ts';
import { FaultError } from '../../src/database/faults/fault-behind.ts';
import type { EngineEvent } from '../../src/events/kinds.ts';
import { eventsTo } from '../../src/events/log-events.ts';
import { keepJobLeases } from '../../src/run/jobs/job-leases.ts';
import type { JobEngine } from '../../src/run/jobs/job-engine.ts';
import { registerJobs } from '../../src/schedule/register-jobs.ts';
import { aRun, carried } from '../jobs/job-flow.ts';
import { testDatabase } from '../support/database.ts';
import { serveHttp } from '../support/http-server.ts';
import { receiveInto, type Answer, type Received } from './received.ts';
import { key } from './webhook-key.ts';

/** A receiver of webhooks that ends with its test. */
export async function receiver(answer?: Answer) {
  const received: Received[] = [];
  const { url, host } = await serveHttp(receiveInto(received, answer));
  return { received, url, host };
}

export async function scene({ secrets = { OPS_KEY: key } as Record<string, string> } = {}) {
  const { db, url } = await testDatabase();
  await registerJobs(db, [routeEvents, deliver]);
  const heard: EngineEvent[] = [];
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const bus = eventsTo(log);
  bus.subscribe((event) => void heard.push(event));
  const open = async (names: readonly string[]): Promise<Opened[]> =>
    names.map((name) => {
      if (secrets[name] === undefined)
        throw new FaultError('secret', `the secret ${name} is not stored`);
      return { name, value: secrets[name] };
    });
  const engineAs = (worker: string): JobEngine => {
    const leases = keepJobLeases(db, bus.emit);
    onTestFinished(() => leases.stop());
    return {
      worker,
      db,
      databaseUrl: url,
      queue: { add: async () => {} },
      jobs: [routeEvents, deliver],
      leases,
      secrets: { open },
      emit: bus.emit,
      log,
    };
  };
  const engine = engineAs('worker');
  const once = async (job: typeof deliver, by = engine) => {
    await db.deleteFrom('engine.job_runs').where('status', '=', 'queued').execute();
    return carried(by, await aRun(db, job));
  };
  return {
    db,
    url,
    heard,
    lines,
    engine,
    engineAs,
    route: () => once(routeEvents),
    deliver: (by?: JobEngine) => once(deliver, by),
  };
}
