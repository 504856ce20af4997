import * as overview from '../../data/bots/overview.ts';
import type { Db } from '../../database/connect.ts';
import { queueDepth, schedulerLag } from '../../data/trends/pace.ts';
import { runsOfBots } from '../../data/trends/runs-of-bots.ts';
import { isWrong, measureSkew } from '../../maintain/clock.ts';
import { countWithoutTicket, pendingStorms } from '../../data/bots/without-ticket.ts';
import { ofOneMoment, readFacts, schedulersOf, workersOf } from '../progress/facts.ts';
import type { Need } from '../progress/need.ts';
import { needs } from '../progress/needs.ts';

/** How many storms are named. */
const maxStorms = 5;

/** For how many bots the last runs are shown, and how many runs of each. */
const maxBots = 10;
const shownRuns = 20;

/** Everything that `status` shows, read at one moment, with what needs a person: the most urgent first. */
export async function showStatus(db: Db) {
  const facts = await ofOneMoment(db, async (trx) => {
    const failures = await overview.newestFailures(trx);
    const first = failures.flatMap(({ bot_id: id }) => id ?? []);
    return {
      ...(await readFacts(trx)),
      runs: await overview.countRuns(trx),
      failures,
      lastRuns: await runsOfBots(trx, { first, bots: maxBots, shown: shownRuns }),
      queue: await queueDepth(trx),
      lag: await schedulerLag(trx),
      findings: await overview.countFindings(trx),
      quiet: await overview.countQuiet(trx),
      withoutTicket: await countWithoutTicket(trx),
      storms: await pendingStorms(trx, maxStorms),
      heals: await overview.countHeals(trx),
    };
  });
  // How far the clock of this host is from the database's.
  const measured = await measureSkew(db);
  const skew = { ...measured, isWrong: isWrong(measured) };
  const alive = {
    schedulers: schedulersOf(facts.nodes).length,
    workers: workersOf(facts.nodes).length,
  };
  const needed: Need[] = needs(facts);
  return { ...facts, skew, alive, needed };
}

export type Status = Awaited<ReturnType<typeof showStatus>>;
