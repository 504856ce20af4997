import type { Bot } from '../../src/bot.ts';
import { finderOf, plantAll, type Fault } from '../../src/demo/faults/fault.ts';
import { copyOf, Rounds, type World } from './simulation.ts';
import { nextSlot, parseSchedule } from '../../src/schedule/cron.ts';

/** What the bots say after one fault was planted in a platform on which they had found nothing. */
export interface Found {
  fault: string;
  /** how many minutes after it was planted its check reported it; null if it did not, within the runs that it may take to be confirmed */
  minutes: number | null;
  /** the checks of other bots that reported something */
  others: string[];
}

/** Plants one fault in a copy of this database, and lets its bot make as many runs as it needs to confirm a finding. */
export async function plantOne(
  server: string,
  { past, at }: { past: string; at: Date },
  bots: Bot[],
  fault: Fault,
): Promise<Found> {
  const world = await copyOf(server, past);
  try {
    await plantAll(fault, world.db, at);
    const others = await seenByOthers(world, bots, fault, at);
    const rounds = new Rounds(world);
    const { bot: name, check } = finderOf(fault);
    const bot = bots.find((each) => each.name === name)!;
    // A slot at this very moment counts, too: what happened just before it is in its window.
    let now = new Date(+at - 1);
    let minutes: number | null = null;
    for (
      let run = 0;
      run < ((bot as { confirm?: number }).confirm ?? 1) && minutes === null;
      run += 1
    ) {
      now = nextSlot(parseSchedule(bot.schedule), now);
      await world.setTime(now);
      if ((await rounds.check(bot, check, now)).length > 0) minutes = (+now - +at) / 60_000;
    }
    return { fault: fault.name, minutes, others };
  } finally {
    await world.close();
  }
}

async function seenByOthers(world: World, bots: Bot[], fault: Fault, now: Date): Promise<string[]> {
  const rounds = new Rounds(world);
  const others = bots.filter(({ name }) => name !== finderOf(fault).bot);
  for (const bot of others) await rounds.run(bot, now);
  return [...rounds.tallies.values()]
    .filter(({ findings }) => findings.length > 0)
    .map(({ name }) => name);
}
