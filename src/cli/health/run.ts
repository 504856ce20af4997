import { hostname } from 'node:os';
import { exitCodes } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { isDatabaseAway } from '../../services/database/is-away.ts';
import { ownHealth, type HealthRole, type OwnHealth } from '../../services/progress/own-health.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { isData, printDocument } from '../listing/document.ts';
import { withDatabase } from '../session/database.ts';
import { say } from '../terminal/print.ts';

interface HealthOptions extends ShowOptions {
  canary?: true;
  live?: true;
}

export async function showHealth(
  role: HealthRole | undefined,
  options: HealthOptions,
): Promise<void> {
  const health = await read(role, options);
  if (!health.healthy) process.exitCode = exitCodes.failed;
  if (isData(options)) return printDocument(health, options);
  say(`${health.healthy ? 'Well' : 'Not well'}: ${printable(health.reason)}.`);
}

async function read(
  role: HealthRole | undefined,
  { canary, live }: HealthOptions,
): Promise<OwnHealth> {
  try {
    // One connection: the process that is looked at has the others.
    return await withDatabase(
      ({ db }) => ownHealth(db, { host: hostname(), role, canary: canary === true }),
      { maxConnections: 1 },
    );
  } catch (error) {
    if (!live || !isDatabaseAway(error)) throw error;
    return {
      healthy: true,
      reason: 'the database does not answer, so the process is left alone',
      role: role ?? null,
      pid: null,
      silent_ms: null,
    };
  }
}
