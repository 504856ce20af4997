import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { LostRunError } from '../../src/data/bots/fence.ts';
import type { RunWriter } from '../../src/run/writer/run-writer.ts';
import type { Run } from '../../src/run/writer/run.ts';
import { testDatabase } from '../support/database.ts';
import { aRunWriter, ending, makeBots, saw, totals, underWay } from './group-commit-runs.ts';

const bots = 300;
const checks = ['one', 'two'];
const runsOfEach = 10;

interface Chain {
  bot: number;
  check: string;
  runs: Run[];
}

/** Of ten runs one was taken over: another one of each bot's. */
const isStale = (bot: number, at: number) => (bot + at) % 10 === 0;
/** `a` is always broken, `b` in every other run. */
const brokenIn = (at: number) => (at % 2 === 0 ? ['a', 'b'] : ['a']);

/** Those record first and end later. Only one run of such a bot is under way at once: what one run has recorded, the end of another one would make a ticket of. */
const isSplit = (bot: number) => bot % 3 === 0;

/** Runs of one bot that perform one check, one after the other, each through another writer. */
async function carryOut({ bot, check, runs }: Chain, writers: RunWriter[]) {
  let lost = 0;
  for (const [at, run] of runs.entries()) {
    const writer = writers[(bot + at) % writers.length]!;
    const outcomes = saw(['a', 'b'], brokenIn(at), { check });
    try {
      if (isSplit(bot)) {
        const { open } = await writer.record(run, outcomes);
        await writer.end(run, ending(outcomes, { findings: open.length }));
      } else await writer.recordAndEnd(run, outcomes, ending(outcomes));
    } catch (error) {
      if (!(error instanceof LostRunError)) throw error;
      lost += 1;
    }
  }
  return lost;
}

/** What a fingerprint's memory holds, and whether its problem comes and goes by that. */
interface Memory {
  states: boolean[];
  flapping: boolean;
  open: boolean;
  ticket: boolean;
}

function remember(memory: Memory, failed: boolean): void {
  memory.states = [...memory.states, failed].slice(-21);
  const { states } = memory;
  const changes = states.slice(1).map((state, at) => state !== states[at]);
  const weights = changes.map((_, at) => 0.75 + ((20 - changes.length + at) * 0.5) / 19);
  const share = weights.filter((_, at) => changes[at]).reduce((sum, one) => sum + one, 0) / 20;
  memory.flapping = share >= 0.3 || (share >= 0.2 && memory.flapping);
}

/** The same on paper. */
function onPaper() {
  const expected = {
    succeeded: 0,
    running: 0,
    issues_found: 0,
    total_runs: 0,
    successful_runs: 0,
    findings: 0,
    open_findings: 0,
    occurrences: 0,
    remembered: 0,
    tickets: 0,
    ticket_occurrences: 0,
    ticket_events: 0,
  };
  for (let bot = 1; bot <= bots; bot++)
    for (const _ of checks) {
      const memories = new Map<string, Memory>();
      for (let at = 0; at < runsOfEach; at++) {
        if (isStale(bot, at)) {
          expected.running += 1;
          continue;
        }
        expected.succeeded += 1;
        expected.total_runs += 1;
        expected.successful_runs += 1;
        const broken = brokenIn(at);
        expected.issues_found += broken.length;
        for (const key of ['a', 'b']) {
          const failed = broken.includes(key);
          let memory = memories.get(key);
          if (!memory && !failed) continue;
          if (!memory) {
            memory = { states: [], flapping: false, open: false, ticket: false };
            memories.set(key, memory);
            expected.tickets += 1;
          }
          remember(memory, failed);
          if (failed) {
            expected.occurrences += 1;
            expected.ticket_occurrences += 1;
            expected.findings += Number(!memory.open);
          }
          memory.open = failed;
          // While it comes and goes its ticket stays.
          const ticket: boolean = failed || (memory.ticket && memory.flapping);
          // opened, opened again, or resolved
          expected.ticket_events += Number(ticket !== memory.ticket);
          memory.ticket = ticket;
        }
      }
      for (const { states, open } of memories.values()) {
        expected.remembered += states.length;
        expected.open_findings += Number(open);
      }
    }
  return expected;
}

test('6,000 runs of 300 bots over 8 lanes, one in ten of them taken over, leave exact totals', async () => {
  const { db, url } = await testDatabase();
  await makeBots(db, bots);
  const chains: Chain[] = [];
  for (const check of checks) {
    const all = await underWay(db, runsOfEach);
    for (let bot = 1; bot <= bots; bot++) {
      const runs = all
        .filter(({ bot: { name } }) => name === `bot-${bot}`)
        .map((run, at) =>
          isStale(bot, at) ? { ...run, fence: String(Number(run.fence) - 1) } : run,
        );
      chains.push({ bot, check, runs });
    }
  }
  const writers = Array.from({ length: 4 }, () => aRunWriter(url));
  const [one, two] = [chains.slice(0, bots), chains.slice(bots)];
  const lost = await Promise.all(
    one.flatMap((chain, at) => {
      const first = carryOut(chain, writers);
      const second = isSplit(chain.bot)
        ? first.then(() => carryOut(two[at]!, writers))
        : carryOut(two[at]!, writers);
      return [first, second];
    }),
  );
  const expected = onPaper();
  expect(expected.running).toBe(600);
  expect(lost.reduce((sum, count) => sum + count)).toBe(expected.running);
  expect(await totals(db)).toEqual(expected);
  const { rows } = await sql<{ flushes: number }>`
    SELECT count(DISTINCT xmin::text)::int AS flushes FROM bot_executions WHERE status = 'success'`.execute(
    db,
  );
  expect(rows[0]!.flushes, 'many share a commit').toBeLessThan(expected.succeeded / 5);
  const faults = Object.groupBy(
    writers.flatMap(({ logged }) => logged),
    ({ fault }) => fault,
  );
  // On a busy machine a few may have waited for a lock for too long, and gone again.
  const { waited = [], ...others } = faults;
  expect(others, 'with this order of locks nobody meets a deadlock').toEqual({});
  expect(waited.length).toBeLessThan(20);
}, 120_000);
