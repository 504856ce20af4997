/** Requests to the endpoints of the simulated platform: many by day, hardly any by night. */
import { sql, type Kysely } from 'kysely';
import type { EventContext, EventResult } from '../../../src/bot.ts';
import { Chance } from '../../../src/demo/chance.ts';
import type { Database, Db } from '../../../src/database/connect.ts';
import { componentsOf, isWindowed, type Kind } from './cures.ts';
import { timeOf } from './engine.ts';
import { isNight, roundMinutes } from './incidents.ts';

export const windowSeconds = 3_600;
/** of the requests to a component that is broken, and to one that is well */
const badShare = { down: 0.6, well: 0.0005 };
/** Fewer requests in the window are no sample. */
const leastRequests = 10;
const maxShare = 0.05;

export interface Traffic {
  /** The requests of the minutes since the last call, by what was broken in them. */
  flow(now: number, down: ReadonlySet<string>): Promise<void>;
}

export async function openTraffic(db: Db, seed: number, kinds: readonly Kind[]): Promise<Traffic> {
  const components = kinds.filter(isWindowed).flatMap(componentsOf);
  await sql`CREATE TABLE simulated.requests (component text NOT NULL, at timestamptz NOT NULL, bad int NOT NULL, "of" int NOT NULL)`.execute(
    db,
  );
  await sql`CREATE INDEX ON simulated.requests (at)`.execute(db);
  const chance = new Chance(seed ^ 0x7a_ff_1c);
  let until = 0;
  return {
    async flow(now, down) {
      const rows: { component: string; at: Date; bad: number; of: number }[] = [];
      // Of a long pause a window is enough: nothing was broken in it, or there would have been a round.
      until = Math.max(until, now - 3 * 60);
      for (; until < now; until += roundMinutes)
        for (const component of components) {
          const of = isNight(until) ? chance.between(0, 1) : chance.between(40, 80);
          const share = down.has(component) ? badShare.down : badShare.well;
          let bad = 0;
          for (let request = 0; request < of; request++) bad += Number(chance.next() < share);
          // In the middle of its ten minutes: no round falls on it.
          if (of > 0) rows.push({ component, at: timeOf(until + roundMinutes / 2), bad, of });
        }
      if (rows.length === 0) return;
      await sql`INSERT INTO simulated.requests
                SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
                  AS r (component text, at timestamptz, bad int, "of" int)`.execute(db);
    },
  };
}

/** The event check of a windowed kind. */
export async function countRequests(
  db: Kysely<Database>,
  kind: Kind,
  { now, from, starts, only }: Pick<EventContext, 'now' | 'from' | 'starts' | 'only'>,
): Promise<EventResult> {
  const keys = only ? [...only] : componentsOf(kind);
  const { rows } = await sql<{ key: string; bad: number; of: number; newest: Date | null }>`
    SELECT k.key, coalesce(sum(r.bad), 0)::int AS bad, coalesce(sum(r."of"), 0)::int AS "of",
           max(r.at) FILTER (WHERE r.bad > 0) AS newest
    FROM unnest(${keys}::text[]) AS k (key)
    LEFT JOIN jsonb_to_recordset(${JSON.stringify(starts)}::jsonb) AS s (key text, "from" timestamptz) ON s.key = k.key
    LEFT JOIN simulated.requests r ON r.component = k.key AND r.at >= coalesce(s."from", ${from}) AND r.at <= ${now}
    GROUP BY k.key`.execute(db);
  return {
    examined: keys,
    tallies: rows.map(({ key, bad, of, newest }) => ({ key, bad, of, newestBadAt: newest })),
    findings: rows.flatMap(({ key: component, bad, of }) => {
      if (bad === 0) return [];
      const severe = of >= leastRequests && bad > of * maxShare;
      const title = severe ? `${component} does not answer` : `${component} had a stray error`;
      return [
        {
          severity: severe ? ('high' as const) : ('low' as const),
          category: kind,
          title,
          component,
        },
      ];
    }),
  };
}
