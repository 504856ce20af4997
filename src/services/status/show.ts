import * as overview from '../../data/bots/overview.ts';
import type { Db } from '../../database/connect.ts';
import { countWithoutTicket, pendingStorms } from '../../data/bots/without-ticket.ts';
import { ofOneMoment, readFacts, schedulersOf, workersOf } from '../progress/facts.ts';
import type { Need } from '../progress/need.ts';
import { needs } from '../progress/needs.ts';

/** The most storms that are named. */
const maxStorms = 5;

/** Everything that `status` shows, as of one moment, with what needs a person: the most urgent first. */
export async function showStatus(db: Db) {
  const facts = await ofOneMoment(db, async (trx) => ({
    ...(await readFacts(trx)),
    runs: await overview.countRuns(trx),
    failures: await overview.newestFailures(trx),
    findings: await overview.countFindings(trx),
    quiet: await overview.countQuiet(trx),
    withoutTicket: await countWithoutTicket(trx),
    storms: await pendingStorms(trx, maxStorms),
    heals: await overview.countHeals(trx),
  }));
  const alive = {
    schedulers: schedulersOf(facts.nodes).length,
    workers: workersOf(facts.nodes).length,
  };
  const needed: Need[] = needs(facts);
  return { ...facts, alive, needed };
}

export type Status = Awaited<ReturnType<typeof showStatus>>;
