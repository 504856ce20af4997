/** Why none of several servers can do the work; each may pass. */
import { nameOfServer, type Server } from '../ground/database-hosts.ts';
import { RoundsmanError } from '../ground/errors.ts';
import { readOnlyState } from './faults/sql-states.ts';

/** Of the servers that answer none takes writes: a failover is not over, or no standby has been promoted. */
export class NoPrimaryError extends RoundsmanError {
  override readonly retryable = true;
  readonly code = readOnlyState;

  constructor(answers: readonly { server: Server; why: string }[]) {
    super({
      what: 'no server of DATABASE_URL takes writes now',
      why: answers.map(({ server, why }) => `${nameOfServer(server)}: ${why}`).join('; '),
      hint: 'start the primary, or promote a standby (pg_promote); the work goes on by itself once one of them takes writes',
    });
  }
}

/** The only server that takes writes has an older timeline than one that this process has worked with. */
export class OldPrimaryError extends RoundsmanError {
  override readonly retryable = true;
  readonly code = readOnlyState;

  constructor(server: Server) {
    super({
      what: 'the only server of DATABASE_URL that takes writes is an old primary',
      why: `${nameOfServer(server)} has an older timeline than the primary that this process worked with: it does not have what was committed since`,
      hint: 'start the newer primary again, or, if it is lost for good, restart the processes of Roundsman: they accept the old one then',
    });
  }
}
