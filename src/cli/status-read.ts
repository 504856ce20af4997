import {
  currentMode,
  currentTime,
  doesSchedule,
  doesWork,
  listNodes,
} from '../data/bots/engine.ts';
import * as overview from '../data/bots/overview.ts';
import type { Db } from '../data/connect.ts';
import { counted } from './print.ts';

/** Everything that `status` shows, of one moment. */
export const readStatus = (db: Db) =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => ({
      now: await currentTime(trx),
      mode: await currentMode(trx),
      nodes: await listNodes(trx),
      bots: await overview.countBots(trx),
      inError: await overview.botsInError(trx),
      overdue: await overview.overdue(trx),
      runs: await overview.countRuns(trx),
      failures: await overview.newestFailures(trx),
      findings: await overview.countFindings(trx),
      quiet: await overview.countQuiet(trx),
      heals: await overview.countHeals(trx),
      tickets: await overview.pendingTickets(trx),
    }));

export type Status = Awaited<ReturnType<typeof readStatus>>;

export const botsThatAre = ({ bots }: Status, status: string): number =>
  bots.find((row) => row.status === status)?.count ?? 0;

/** What a person has to look at, in words, the most urgent first; empty when nothing does. */
export function needs(status: Status): string[] {
  const { tickets, overdue, nodes } = status;
  const inError = botsThatAre(status, 'error');
  const found: string[] = [];
  if (tickets.urgent > 0)
    found.push(
      `${counted(tickets.urgent, 'critical or high ticket')}: \`npx roundsman tickets list\``,
    );
  if (overdue.all > 0 && !nodes.some(doesSchedule))
    found.push(
      `${counted(overdue.all, 'bot')} overdue and no scheduler alive: start one with \`npx roundsman up\``,
    );
  else if (overdue.all > 0)
    found.push(`${counted(overdue.all, 'bot')} overdue: \`npx roundsman doctor\` looks closer`);
  if (inError > 0)
    found.push(
      `${counted(inError, 'bot')} in error: mend the definition with \`npx roundsman bots edit ${inError === 1 ? status.inError[0]!.name : '<name>'}\``,
    );
  return found;
}

/** `1 scheduler, 2 workers`; null when nothing is alive. */
export function aliveInWords({ nodes }: Status): string | null {
  const schedulers = nodes.filter(doesSchedule).length;
  const workers = nodes.filter(doesWork).length;
  return schedulers + workers === 0
    ? null
    : `${counted(schedulers, 'scheduler')}, ${counted(workers, 'worker')} alive`;
}
