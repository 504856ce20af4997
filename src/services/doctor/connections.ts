import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { limitOn } from '../../database/connection-limit.ts';
import { configuredBackend } from '../../queue/backend.ts';
import { planConnections, smallerLimit, TooFewConnectionsError } from '../connections/plan.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';
import { counted } from '../../ground/text.ts';

/** Whether a worker with this configuration may open as many connections as it wants. */
export async function examineConnections(db: Db, config: Config): Promise<Diagnosis> {
  const backend = configuredBackend(config);
  const { concurrency } = config;
  const limit = smallerLimit(config.connections, await limitOn(db));
  const allowed = `the limit of the ${limit.of} is ${limit.most}`;
  const wanted = planConnections('worker', backend, concurrency, null).total;
  try {
    const { places, total } = planConnections('worker', backend, concurrency, limit);
    if (places === concurrency)
      return ok('Connections', `a worker opens ${total} to the database at most, and ${allowed}`);
    return warn(
      'Connections',
      `${allowed}, so a worker executes ${counted(places, 'run')} at once instead of ${concurrency}, for which it would open ${wanted} connections`,
      'raise that limit, or lower ROUNDSMAN_CONCURRENCY; if processes share a limit, give each its part with ROUNDSMAN_CONNECTIONS',
    );
  } catch (error) {
    if (!(error instanceof TooFewConnectionsError)) throw error;
    return fail('Connections', `${error.what}: ${error.why}`, error.hint);
  }
}
