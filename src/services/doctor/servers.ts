import { nameOfServer, serversIn } from '../../ground/database-hosts.ts';
import { messageOf } from '../../ground/errors.ts';
import { askEach } from '../../database/primary.ts';
import { ok, warn, type Diagnosis } from './diagnosis.ts';
import type { Look } from './look.ts';

/** Whether each server that DATABASE_URL names can take over, and whether more than one takes writes. */
export const examineServers: Look = async ({ config: { databaseUrl = '' } }) => {
  if (serversIn(databaseUrl).length < 2) return [];
  const answers = await askEach(databaseUrl);
  const away: Diagnosis[] = answers
    .filter(({ error }) => error !== null)
    .map(({ server, error }) =>
      warn(
        'Replication',
        `${nameOfServer(server)} cannot be used (${messageOf(error)}): a failover to it would not be followed`,
        'start it, or take it out of DATABASE_URL',
      ),
    );
  const primaries = answers
    .filter(({ takesWrites }) => takesWrites)
    .toSorted((a, b) => b.timeline - a.timeline)
    .map(({ server }) => nameOfServer(server));
  if (primaries.length > 1)
    return [
      ...away,
      warn(
        'Replication',
        `${primaries.join(' and ')} both take writes; Roundsman works with ${primaries[0]!}, whose timeline is the newest`,
        `stop ${primaries.slice(1).join(' and ')}, and rebuild it as a standby (pg_rewind, or a new base backup)`,
      ),
    ];
  const answering = answers.length - away.length;
  return away.length > 0
    ? away
    : [
        ok(
          'Replication',
          `${primaries[0] ?? 'none'} is the primary of the ${answering} servers of DATABASE_URL; all answer`,
        ),
      ];
};
