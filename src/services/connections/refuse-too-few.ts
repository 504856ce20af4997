import type { Config } from '../../config.ts';
import { limitOn } from '../../database/connection-limit.ts';
import type { Db } from '../../database/connect.ts';
import { configuredBackend } from '../../queue/backend.ts';
import { planConnections, smallerLimit, type ProcessRole } from './plan.ts';

/**
 * Throws TooFewConnectionsError if a process of this role could not work with the connections that it may open.
 * Asks on the open connection, because a second one may not be allowed.
 */
export async function refuseTooFewConnections(
  db: Db,
  config: Config,
  role: ProcessRole,
): Promise<void> {
  const limit = smallerLimit(config.connections, await limitOn(db));
  planConnections(role, configuredBackend(config), config.concurrency, limit);
}
