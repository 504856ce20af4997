import { sql } from 'kysely';
import type { Db } from '../../../src/database/connect.ts';
import { openQueue, type RunQueue } from '../../../src/queue/run-queue.ts';
import { claimDue } from '../../../src/schedule/claim.ts';
import { nextSlot, parseSchedule } from '../../../src/schedule/cron.ts';
import { ExpectedSlots } from '../../../src/schedule/slot-times.ts';
import { plantBots } from './plant.ts';
import { cpuMs, type Servers } from './servers.ts';
import { median, ms, type Line } from './table.ts';
import { inWords, sized } from '../size.ts';

const due = sized(10_000, 100);
const peers = sized(2_000, 20);
const rounds = sized(3, 1);

interface Cost {
  wall: number;
  cpu: number;
}

async function cost(servers: Servers, work: () => Promise<unknown>): Promise<Cost> {
  const [began, before] = [performance.now(), cpuMs(servers)];
  await work();
  return { wall: performance.now() - began, cpu: cpuMs(servers) - before };
}

async function claimed(db: Db, queue: RunQueue): Promise<void> {
  const { queued } = await claimDue(db, new ExpectedSlots(), (entries) => queue.add(entries));
  if (queued.length !== due) throw new Error(`${queued.length} of ${due} bots were claimed`);
}

/** The obvious way: one transaction and one `add` a bot, cron computed for each. */
async function oneByOne(db: Db, queue: RunQueue): Promise<void> {
  const bots = await db
    .selectFrom('bots')
    .select(['id', 'schedule_cron', 'timezone', 'next_slot_at'])
    .where('next_execution_at', '<=', sql<Date>`engine.now()`)
    .execute();
  for (const bot of bots) {
    const slot = bot.next_slot_at!;
    const run = await db.transaction().execute(async (trx) => {
      await trx.selectFrom('bots').select('id').where('id', '=', bot.id).forNoKeyUpdate().execute();
      const next = nextSlot(parseSchedule(bot.schedule_cron, bot.timezone), slot);
      await trx
        .updateTable('bots')
        .set({ next_slot_at: next, next_execution_at: next })
        .where('id', '=', bot.id)
        .execute();
      return trx
        .insertInto('bot_executions')
        .values({
          bot_id: bot.id,
          status: 'queued',
          started_at: slot,
          scheduled_for: slot,
          generation: 1,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning(['id', 'generation'])
        .executeTakeFirst();
    });
    if (run) await queue.add([run]);
  }
}

/** Claimed, recorded and queued, against one transaction and one `add` a bot. */
export async function dueAtOnce(servers: Servers, backend: 'redis' | 'postgres'): Promise<Line> {
  const { db, postgresUrl: databaseUrl } = servers;
  const redisUrl = backend === 'redis' ? servers.redisUrl : undefined;
  const queue = await openQueue(db, { redisUrl, databaseUrl }, () => {});
  const ours: Cost[] = [];
  const theirs: Cost[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      await plantBots(db, due, { due: true });
      ours.push(await cost(servers, () => claimed(db, queue)));
      await plantBots(db, peers, { due: true });
      theirs.push(await cost(servers, () => oneByOne(db, queue)));
    }
  } finally {
    await queue.close();
  }
  const of = (costs: Cost[], what: keyof Cost, count: number) =>
    median(costs.map((each) => each[what])) / count;
  const wall = [of(ours, 'wall', due), of(theirs, 'wall', peers)] as const;
  const cpu = [of(ours, 'cpu', due), of(theirs, 'cpu', peers)] as const;
  return {
    what: `${inWords(due)} bots due at once: claimed, recorded, queued (${backend})`,
    ours: `${ms(wall[0] * due)}, ${ms(cpu[0])} CPU each`,
    peer: `${ms(wall[1] * due)} one transaction and one add a bot (measured with ${inWords(peers)}), ${ms(cpu[1])} CPU each`,
    ratio: wall[1] / wall[0],
    goal: '20 x',
    met: wall[1] / wall[0] >= 20,
    note: `CPU ratio ${(cpu[1] / cpu[0]).toFixed(1)} x.`,
  };
}
