/** Transactions about the reports of asynchronous remote bots. */
import { acceptRequest } from '../../src/transitions/reports/accept.ts';
import { expectReport } from '../../src/transitions/reports/expect.ts';
import { giveUpReport } from '../../src/transitions/reports/give-up.ts';
import { receiveReport } from '../../src/transitions/reports/receive.ts';
import { runs, type Transactions } from './given.ts';
import { requestId } from './scene.ts';

export const ofReports: Transactions = {
  'expect a report': ({ db }) =>
    expectReport(db, { id: requestId, run: runs.first, attempt: 1 }, 60_000),
  'accept a request': ({ db }) => acceptRequest(db, requestId, 60),
  'receive a report': ({ db }) => receiveReport(db, requestId, { body: '{}', sha256: 'x' }),
  'give a report up': ({ db }) => giveUpReport(db, requestId),
};
