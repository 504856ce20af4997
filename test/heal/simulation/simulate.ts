import { sql } from 'kysely';
import { connect, type Db } from '../../../src/database/connect.ts';
import { simulatedCatalogue } from './catalogue.ts';
import { allKinds, cures, isWindowed, type Kind } from './cures.ts';
import { clockOf, openEngine } from './engine.ts';
import { allIncidentsOf, roundMinutes } from './incidents.ts';
import { openLoops } from './loops.ts';
import { measure, type Outcome } from './measure.ts';
import { hireOperator } from './operator.ts';
import { openPlatform, type Broken } from './platform.ts';
import { openTraffic } from './traffic.ts';

export interface Plan {
  seed: number;
  incidents: number;
  kinds?: readonly Kind[];
}

/** A cure has held after an hour: the first round behind that says so. */
const holdRound = 60 + roundMinutes;
/** After how many faults the tables are analysed, which no other process does here. */
const statisticsEvery = 200;
/** At the end everything may come to its end. */
const tail = 12 * 60;

/** What the last round of a bot has left. */
interface Watch {
  down: string;
  changedAt: number;
}

/**
 * The real engine on a fresh database, with weeks in minutes: every ten simulated minutes faults begin,
 * people look at their tickets, and the bots make their rounds. A round in which nothing can be new, because
 * nothing is broken, has changed, or waits for its hold window, is left out.
 */
export async function simulate(
  databaseUrl: string,
  { seed, incidents: count, kinds = allKinds }: Plan,
): Promise<Outcome> {
  const began = performance.now();
  const db = connect(databaseUrl, { name: 'simulation', max: 4 });
  const setClock = await clockOf(db);
  const incidents = allIncidentsOf(seed, count, kinds);
  const platform = await openPlatform(
    db,
    incidents,
    cures.find(({ outside }) => outside)!,
  );
  const traffic = await openTraffic(db, seed, kinds);
  const loops = await openLoops(db, seed);
  const engine = await openEngine(
    databaseUrl,
    simulatedCatalogue({ url: platform.url, incidents }, kinds, loops),
  );
  const operator = hireOperator(db, platform, incidents, kinds);
  const watches = new Map<Kind, Watch>(
    kinds.map((kind) => [kind, { down: '', changedAt: -Infinity }]),
  );
  const end = incidents.at(-1)!.at + tail;
  let broken: Broken[] = [];
  let begun = 0;
  let rounds = 0;
  let brokenMinutes = 0;
  try {
    for (let now = 0; now <= end; now += roundMinutes) {
      const beginning = incidents.slice(begun, begun + kinds.length).filter(({ at }) => at === now);
      const unclear = await unclearKinds(db, kinds);
      const waiting = [...watches.values()].some(({ changedAt }) => now <= changedAt + holdRound);
      const going = await loops.due(now);
      const begins = beginning.length + broken.length + unclear.length + going.length > 0;
      if (!begins && !waiting) continue;
      begun += beginning.length;
      if (beginning.length > 0 && begun % statisticsEvery === 1) await sql`ANALYZE`.execute(db);
      await setClock(now);
      await traffic.flow(
        now,
        new Set(broken.flatMap((each) => (each.down ? [each.component] : []))),
      );
      await platform.breakDown(beginning);
      const found = await platform.broken();
      const before = (await operator.look(now, found)) ? await platform.broken() : found;
      const due = kinds.filter((kind) => {
        const { down, changedAt } = watches.get(kind)!;
        const present = downOf(before, kind);
        return (
          unclear.includes(kind) ||
          present !== '' ||
          present !== down ||
          now === changedAt + holdRound
        );
      });
      if (due.length + going.length > 0) rounds += await engine.round([...due, ...going]);
      broken = due.length > 0 ? await platform.broken() : before;
      for (const kind of due) {
        const watch = watches.get(kind)!;
        const after = downOf(broken, kind);
        if (after !== watch.down || downOf(before, kind) !== after) watch.changedAt = now;
        watch.down = after;
      }
      brokenMinutes += broken.filter(({ down }) => down).length * roundMinutes;
    }
    const complaints = operator.complaints();
    const seconds = (performance.now() - began) / 1000;
    return await measure(db, {
      seed,
      incidents,
      kinds,
      complaints,
      rounds,
      brokenMinutes,
      seconds,
      loops: await loops.fates(),
    });
  } finally {
    await engine.close();
    await platform.close();
    await db.destroy();
  }
}

/** Kinds whose check counts events, as long as anything about them waits for events: all rounds are made then. */
async function unclearKinds(db: Db, kinds: readonly Kind[]): Promise<string[]> {
  const windowed = kinds.filter(isWindowed);
  if (windowed.length === 0) return [];
  const { rows } = await sql<{ name: string }>`
    SELECT name FROM bots b WHERE name = ANY (${windowed}::text[]) AND (
      EXISTS (SELECT FROM bot_findings f WHERE f.bot_id = b.id AND f.resolved_at IS NULL)
      OR EXISTS (SELECT FROM bot_actions a WHERE a.bot_id = b.id AND a.state IN ('intent', 'applied', 'verified'))
      OR EXISTS (SELECT FROM bot_decisions d WHERE d.bot_id = b.id AND d.outcome = 'pending'))`.execute(
    db,
  );
  return rows.map(({ name }) => name);
}

const downOf = (broken: Broken[], kind: Kind): string =>
  broken.flatMap((each) => (each.down && each.kind === kind ? [each.component] : [])).join();
