/** A platform in memory, whose cures may break what they do not heal, under the real engine and a clock set by hand. */
import { sql } from 'kysely';
import { onTestFinished } from 'vitest';
import type { Bot } from '../../src/bot.ts';
import { conductor } from '../../bots/conductor.ts';
import { connect } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, aRemedy, catalogue, entry, playbook, problem } from '../support/builders.ts';
import { clockOf, minuteOf, openEngine } from './simulation/engine.ts';

export interface Watched {
  bot: string;
  components: string[];
  accruing?: true;
  severity?: 'critical' | 'high' | 'medium';
}

/** Heals what its bot finds, or one key of it; `also` breaks others, or mends them. */
export interface Cure {
  name: string;
  bot: string;
  heals?: string;
  also?: (component: string, broken: Set<string>) => void;
  /** so many minutes after the heal; at once when it is not given */
  lag?: number;
}

/** With a `component` all that bots find is of that one, and told apart by keys. */
export async function loopWorld(
  watched: Watched[],
  cures: Cure[],
  { component: shared }: { component?: string } = {},
) {
  const { url } = await testDatabase();
  const db = connect(url, { name: 'test', max: 2 });
  const setClock = await clockOf(db);
  const broken = new Set<string>();
  let now = 0;
  let due: { minute: number; break: () => void }[] = [];
  const heals: { minute: number; name: string; component: string }[] = [];
  const botOf = ({ bot, components, accruing, severity = 'high' }: Watched): Bot => {
    const made = aBot(
      bot,
      async () => ({
        examined: components,
        findings: components
          .filter((key) => broken.has(key))
          .map((key) => problem(key, { severity, key, component: shared ?? key })),
      }),
      {
        knowledge: cures
          .filter((cure) => cure.bot === bot)
          .map(({ name, heals = components.join('|') }) =>
            entry(name, playbook(name), { pattern: `(${heals}) is broken` }),
          ),
      },
    );
    return accruing
      ? { ...made, checks: made.checks.map((check) => ({ ...check, accruing })) }
      : made;
  };
  const remedies = cures.map(({ name, also, lag = 0 }) =>
    aRemedy(
      name,
      async ({ target }) => {
        heals.push({ minute: now, name, component: target.key });
        broken.delete(target.key);
        if (lag === 0) also?.(target.key, broken);
        else due.push({ minute: now + lag, break: () => also?.(target.key, broken) });
      },
      { risk: 'reversible' },
    ),
  );
  // Its own knowledge names remedies that this world does not have.
  const watching = { ...conductor, knowledge: [] };
  const engine = await openEngine(url, catalogue([...watched.map(botOf), watching], remedies));
  onTestFinished(async () => {
    await engine.close();
    await db.destroy();
  });
  return {
    db,
    broken,
    heals,
    /** Rounds of these bots from one minute to another, each after `before`; the conductor makes his every hour. */
    async rounds(
      [from, to, step]: [number, number, number],
      bots: string[],
      before: (minute: number) => void = () => {},
    ) {
      for (now = from; now < to; now += step) {
        before(now);
        for (const each of due.filter(({ minute }) => minute <= now)) each.break();
        due = due.filter(({ minute }) => minute > now);
        await setClock(now);
        await engine.round(now % 60 === 0 ? [...bots, 'conductor'] : bots);
      }
    },
    /** When and why entries lost or gained freedom. */
    async changes() {
      const { rows } = await sql<{ name: string; at: Date; after: string; why: string }>`
        SELECT k.name, e.created_at AS at, e.component, e.after ->> 'autonomy' AS after, e.figures ->> 'why' AS why
        FROM bot_knowledge_events e JOIN bot_knowledge k ON k.id = e.knowledge_id
        WHERE e.component IS NULL ORDER BY e.id`.execute(db);
      return rows.map(({ at, ...rest }) => ({ minute: minuteOf(at), ...rest }));
    },
    async tickets() {
      const { rows } = await sql<{
        title: string;
        description: string;
        status: string;
        at: Date;
        component: string;
      }>`
        SELECT t.title, t.description, t.status, t.created_at AS at, t.metadata ->> 'component' AS component
        FROM bot_tickets t JOIN bots b ON b.id = t.bot_id WHERE b.name = 'conductor' ORDER BY t.number`.execute(
        db,
      );
      return rows.map(({ at, ...rest }) => ({ minute: minuteOf(at), ...rest }));
    },
  };
}
