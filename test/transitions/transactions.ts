/** Every transaction that the engine and its services make about the bots' tables, by the name that docs/protocol.md gives it. */
import type { Transactions } from './given.ts';
import { ofHeals } from './of-heals.ts';
import { ofJobs } from './of-jobs.ts';
import { ofMessages } from './of-messages.ts';
import { ofPeople } from './of-people.ts';
import { ofReports } from './of-reports.ts';
import { ofRuns } from './of-runs.ts';

export const transactions: Transactions = {
  ...ofRuns,
  ...ofHeals,
  ...ofPeople,
  ...ofJobs,
  ...ofMessages,
  ...ofReports,
};
