/** Cures that cause what they heal, in a day of the simulation in which no person looks at tickets. */
import { sql, type Kysely } from 'kysely';
import { defineBot, defineRemedy, z, type Bot, type Remedy } from '../../../src/bot.ts';
import { Chance } from '../../../src/demo/chance.ts';
import type { Database, Db } from '../../../src/database/connect.ts';
import { minuteOf } from './engine.ts';

/** What became of an entry; minutes count from the moment at which its loop began, null when it never came. */
export interface LoopFate {
  name: string;
  heals: number;
  lostAuto: number | null;
  why: string | null;
  /** heals that began after that */
  later: number;
  ticket: number | null;
  title: string | null;
}

interface Loop {
  bot: string;
  entry: string;
  accruing: boolean;
  components: string[];
  /** what its cure breaks, each time it works */
  next(component: string): string;
}

const relays = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `relay-${letter}`);

const loops: Loop[] = [
  {
    bot: 'relay',
    entry: 'moves-on',
    accruing: false,
    components: relays,
    next: (component) => relays[(relays.indexOf(component) + 1) % relays.length]!,
  },
  { bot: 'lease', entry: 'frees-lease', accruing: true, components: ['lease'], next: () => 'lock' },
  { bot: 'lock', entry: 'frees-lock', accruing: true, components: ['lock'], next: () => 'lease' },
];

/** The platform is some hours old by then. */
const beginsAt = 6 * 60;
const lastsMinutes = 24 * 60;

export interface Loops {
  bots: Bot[];
  remedies: Remedy[];
  /** the bots that make their rounds because of them at this minute */
  due(now: number): Promise<string[]>;
  fates(): Promise<LoopFate[]>;
}

export async function openLoops(db: Db, seed: number): Promise<Loops> {
  await sql`CREATE TABLE simulated.loops (component text PRIMARY KEY)`.execute(db);
  const chance = new Chance(seed);
  const first = [chance.pick(relays), chance.pick(['lease', 'lock'])];
  return {
    bots: loops.map(botOf),
    remedies: loops.map(remedyOf),
    async due(now) {
      if (now < beginsAt || now >= beginsAt + lastsMinutes) return [];
      if (now === beginsAt) for (const component of first) await breakDown(db, component);
      return [...loops.map(({ bot }) => bot), ...(now % 60 === 0 ? ['conductor'] : [])];
    },
    fates: () => Promise.all(loops.map((loop) => fateOf(db, loop))),
  };
}

const breakDown = (db: Kysely<Database>, component: string) =>
  sql`INSERT INTO simulated.loops VALUES (${component}) ON CONFLICT DO NOTHING`.execute(db);

const botOf = ({ bot, entry, accruing, components }: Loop): Bot =>
  defineBot({
    name: bot,
    displayName: bot,
    description: `Looks after each ${bot} of the simulated platform`,
    schedule: '*/10 * * * *',
    config: z.looseObject({}),
    checks: [
      {
        name: 'is-well',
        title: `Does each ${bot} answer?`,
        accruing,
        async run(_, { db }) {
          const { rows } = await sql<{ component: string }>`
            SELECT component FROM simulated.loops WHERE component = ANY (${components})`.execute(
            db,
          );
          return {
            examined: components,
            findings: rows.map(({ component }) => ({
              severity: 'medium',
              category: bot,
              title: `${component} does not answer`,
              component,
            })),
          };
        },
      },
    ],
    knowledge: [
      {
        name: entry,
        category: bot,
        pattern: `${bot}(-[a-f])? does not answer`,
        solution: `steps:\n  - remedy: simulated.${entry}`,
        autonomy: 'auto',
      },
    ],
  });

const remedyOf = ({ entry, accruing, next }: Loop): Remedy =>
  defineRemedy({
    name: `simulated.${entry}`,
    title: `Try ${entry}`,
    risk: accruing ? 'safe' : 'reversible',
    params: z.looseObject({}),
    isDone: async () => false,
    async apply(_, { db, target: { component } }) {
      await sql`DELETE FROM simulated.loops WHERE component = ${component}`.execute(db);
      await breakDown(db, next(component));
      return { summary: `tried ${entry}`, before: null, after: null };
    },
    undo: async () => ({ summary: 'took nothing back', before: null, after: null }),
  });

async function fateOf(db: Db, { entry: name }: Loop): Promise<LoopFate> {
  const { rows } = await sql<{
    heals: number;
    later: number;
    lost_at: Date | null;
    why: string | null;
    ticket_at: Date | null;
    title: string | null;
  }>`
    SELECT (SELECT count(*)::int FROM engine.heals h WHERE h.knowledge_id = k.id) AS heals,
           (SELECT count(*)::int FROM bot_actions a WHERE a.knowledge_id = k.id AND a.taken_at > lost.created_at) AS later,
           lost.created_at AS lost_at, lost.figures ->> 'why' AS why, ticket.created_at AS ticket_at, ticket.title
    FROM bot_knowledge k
    LEFT JOIN LATERAL (SELECT * FROM bot_knowledge_events e WHERE e.knowledge_id = k.id AND e.component IS NULL
                         AND e.event = 'demoted' ORDER BY e.id LIMIT 1) lost ON true
    LEFT JOIN LATERAL (SELECT * FROM bot_tickets t WHERE t.metadata ->> 'check' = 'healing-loops'
                         AND t.metadata ->> 'component' = k.name ORDER BY t.number LIMIT 1) ticket ON true
    WHERE k.name = ${name}`.execute(db);
  const { heals, later, lost_at, why, ticket_at, title } = rows[0]!;
  const after = (at: Date | null) => at && minuteOf(at) - beginsAt;
  return { name, heals, later, lostAuto: after(lost_at), why, ticket: after(ticket_at), title };
}

/** One line for each promise that a loop breaks: it ends within a day, by the engine, and people are told. */
export const goingOn = (fates: readonly LoopFate[]): string[] =>
  fates.flatMap(({ name, lostAuto, why, later, ticket }) => [
    ...(lostAuto === null || !why?.match(/another problem began|undo each other/)
      ? [`${name} has not lost auto for what it makes`]
      : []),
    ...(later > 0 ? [`${name} healed ${later} times after it had lost auto`] : []),
    ...(ticket === null ? [`no ticket says that ${name} goes in circles`] : []),
  ]);
