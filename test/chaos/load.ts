/** What the engine has to do meanwhile: bots due every minute, runs by hand all the time, cases to cure. */
import { setTimeout as sleep } from 'node:timers/promises';
import { lots } from './plan.ts';
import type { PostgresServer } from './postgres-server.ts';

/** Jitter ends before this second of a minute: later, every slot of the minute has come due. */
export const jitterSeconds = 29;

interface Planting {
  name: string;
  count: number;
  kind: string;
  config?: object;
  timeout?: number;
  attempts?: number;
  cron?: string;
}

/**
 * Half of the workers can carry it, also in the half minute in which all of it comes due: what is measured
 * is how long a fault takes to be made good, and not how long a queue is.
 */
const sizes = { quick: 150, steady: 50, long: 12, site: 20 };

export const poison = 'poison-1';

/** An ordinary bot has attempts enough for all faults that may hit one of its runs. */
const plantings: Planting[] = [
  {
    name: 'quick',
    count: sizes.quick,
    kind: 'walker',
    timeout: 30,
    attempts: 6,
    config: { maxMs: 100 },
  },
  { name: 'steady', count: sizes.steady, kind: 'walker', timeout: 30, attempts: 6 },
  {
    name: 'long',
    count: sizes.long,
    kind: 'walker',
    timeout: 40,
    attempts: 6,
    config: { leastMs: 4_000, maxMs: 9_000 },
  },
  {
    name: 'site',
    count: sizes.site,
    kind: 'nurse',
    timeout: 30,
    attempts: 6,
    config: { maxMs: 500 },
  },
  { name: 'fragile', count: 4, kind: 'child-killer', attempts: 2 },
  { name: 'spinning', count: 1, kind: 'spinner', timeout: 1 },
  { name: 'poison', count: 1, kind: 'worker-killer', attempts: 2, cron: '0 0 1 1 *' },
];

/** Bots of these names are not expected to succeed. */
export const unruly = /^(fragile|spinning|poison)-/;

/** An entry may be applied three times an hour: so many of them cure all cases of an hour. */
const remediesKnown = 400;

export async function plantBots({ ask }: PostgresServer): Promise<void> {
  for (const {
    name,
    count,
    kind,
    config = {},
    timeout = 20,
    attempts = 3,
    cron = '* * * * *',
  } of plantings)
    await ask(
      `INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, config, jitter_seconds, timeout_seconds, max_attempts)
       SELECT $1 || '-' || n, $1 || ' ' || n, $2, '/api/bots/' || $3, $4::jsonb || jsonb_build_object('site', 'site-' || n),
              $5, $6, $7
       FROM generate_series(1, $8::int) n`,
      [name, cron, kind, JSON.stringify(config), jitterSeconds, timeout, attempts, count],
    );
  await ask(
    `INSERT INTO bot_knowledge (name, category, issue_pattern, solution, autonomy)
     SELECT 'case-' || n, 'case', 'there is a case: bed-' || n || '-', E'steps:\\n  - remedy: case.cure\\n', 'auto'
     FROM generate_series(1, $1::int) n`,
    [remediesKnown],
  );
  await ask(`UPDATE engine.settings SET value = '{"heals_per_hour": 100000}' WHERE key = 'budget'`);
}

export interface Load {
  stop(): Promise<void>;
}

/** Two runs by hand a second, and a case every two seconds; one that nobody cures goes away by itself. */
export function startLoad({ ask }: PostgresServer, seed: number): Load {
  const lot = lots(seed + 1);
  let stopping = false;
  async function work(): Promise<void> {
    for (let turn = 1; !stopping; turn += 1) {
      await ask(
        `INSERT INTO bot_executions (bot_id, status, started_at, trigger, max_attempts, queued_at)
         SELECT id, 'queued', engine.now(), 'manual', max_attempts, engine.now() FROM bots
         WHERE name = $1 AND status = 'active'`,
        [
          lot() < 0.2
            ? `long-${1 + Math.floor(lot() * sizes.long)}`
            : `steady-${1 + Math.floor(lot() * sizes.steady)}`,
        ],
      );
      if (turn % 4 === 0)
        await ask(`INSERT INTO chaos.cases (site, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
          `site-${1 + Math.floor(lot() * sizes.site)}`,
          `bed-${1 + ((turn / 4) % remediesKnown)}-${turn}`,
        ]);
      if (turn % 20 === 0)
        await ask(`DELETE FROM chaos.cases WHERE made_at < now() - interval '3 minutes'`);
      await sleep(500);
    }
  }
  const working = work();
  return {
    async stop() {
      stopping = true;
      await working;
    },
  };
}
