/** Gives the engine work during the faults: bots that are due every minute, manual runs, and cases to cure. */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomNumbers } from './plan.ts';
import type { PostgresServer } from './postgres-server.ts';

/** The jitter of the bots: after this second of a minute, every slot of the minute has come due. */
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
 * How many bots there are of each kind. Half of the workers can execute them all, even in the half minute in which all of
 * them come due: the harness measures how long the recovery from a fault takes, and not how long a queue is.
 */
const sizes = { quick: 150, steady: 50, long: 12, site: 20 };

export const poison = 'poison-1';

/** The planted bots. An ordinary bot has enough attempts for all faults that may hit one of its runs. */
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

/** The names of bots that are not expected to succeed. */
export const unruly = /^(fragile|spinning|poison)-/;

/** How many entries of knowledge there are. Each may act three times an hour, so these cure all cases of an hour. */
const entryCount = 400;

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
    [entryCount],
  );
  await ask(`UPDATE engine.settings SET value = '{"heals_per_hour": 100000}' WHERE key = 'budget'`);
}

export interface Load {
  stop(): Promise<void>;
}

/** Requests two manual runs a second, and adds a case every two seconds. A case that is not cured is removed later. */
export function startLoad({ ask }: PostgresServer, seed: number): Load {
  const random = randomNumbers(seed + 1);
  let stopping = false;
  async function work(): Promise<void> {
    for (let turn = 1; !stopping; turn += 1) {
      await ask(
        `INSERT INTO bot_executions (bot_id, status, started_at, trigger, max_attempts, queued_at)
         SELECT id, 'queued', engine.now(), 'manual', max_attempts, engine.now() FROM bots
         WHERE name = $1 AND status = 'active'`,
        [
          random() < 0.2
            ? `long-${1 + Math.floor(random() * sizes.long)}`
            : `steady-${1 + Math.floor(random() * sizes.steady)}`,
        ],
      );
      if (turn % 4 === 0)
        await ask(`INSERT INTO chaos.cases (site, name) VALUES ($1, $2) ON CONFLICT DO NOTHING`, [
          `site-${1 + Math.floor(random() * sizes.site)}`,
          `bed-${1 + ((turn / 4) % entryCount)}-${turn}`,
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
