/** The arguments of transactions: runs, findings, heals and undos of the scene, as the engine's code takes them. */
import type pg from 'pg';
import { aRemedy } from '../support/builders.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { readSolution } from '../../src/catalogue/solution.ts';
import type { Db } from '../../src/database/connect.ts';
import type { OpenFinding } from '../../src/heal/finding/open-finding.ts';
import type { HealContext } from '../../src/heal/heal-context.ts';
import type { RecordInput } from '../../src/run/writer/record-input.ts';
import { finishOf } from '../../src/run/writer/finish.ts';
import { type RunWrite } from '../../src/run/writer/flush.ts';
import * as scene from './scene.ts';
/** By what a transaction is carried out: a Kysely, and the plain connection below it. */
export interface Means {
  db: Db;
  client: pg.ClientBase;
}

export type Transactions = Record<string, (means: Means) => Promise<unknown>>;

export const { bots, runs, problems, entries, fences, merged } = scene;
export type Carried = (typeof carried)[number];
export const carried = [runs.first, runs.beside, runs.other, runs.otherBeside] as const;
export const signal = new AbortController().signal;
export const week = 7 * 86_400_000;

/** Changes a bot other than the run's own. */
export const changes = aRemedy(
  'other.pause',
  async ({ pauseBot, queueRun, target }) => {
    const bot = otherBot(target.component);
    await queueRun(bot);
    await pauseBot(bot, 'x');
  },
  {
    async undo(_, { pauseBot, target }) {
      await pauseBot(otherBot(target.component), 'x');
      return { summary: 'x', before: null, after: null };
    },
  },
);
export const otherBot = (component: string): string =>
  problems.find((problem) => problem.component === component)!.bot === bots[0] ? bots[1] : bots[0];
const calls = aRemedy('other.call', async () => {}, { outside: true });
export const catalogue = catalogueOf([], [changes, calls]);

export const run = (id: Carried): RunWrite['run'] => ({
  id,
  fence: fences[id]!,
  attempt: 1,
  maxAttempts: 3,
  trigger: 'manual',
  startedAt: new Date(),
  bot: {
    id: bots[id === runs.other || id === runs.otherBeside ? 1 : 0],
    name: 'x',
    endpoint: 'x',
    config: {},
  },
  timeoutMs: 60_000,
  pendingEffects: false,
  progress: null,
  signal,
  stop() {},
});

/** What a run records that finds all problems of its bot broken, or all of them well. */
export function recordInputOf(id: Carried, broken: boolean): RecordInput {
  const own = problems.filter(({ bot }) => bot === run(id).bot.id);
  const finding = ({ fingerprint, component }: (typeof problems)[number]) => ({
    fingerprint,
    check_name: 'is-well',
    severity: 'high' as const,
    category: 'x',
    title: `${component} is broken`,
    description: null,
    affected_component: component,
    component_key: component,
    metadata: null,
    depends_on: ['part 3'],
    certain: false,
    times: 1,
  });
  return {
    findings: broken ? own.map(finding) : [],
    examined: [
      {
        check_name: 'is-well',
        asked_at: null,
        every: true,
        keys: [],
        undecided: [],
        partial: false,
        unreported: [],
      },
    ],
    botChecks: ['is-well'],
    componentCounts: { 'is-well': 10 },
    examinedAny: true,
    pause: null,
    decisionVerdicts: [],
    memories: { 'is-well': { broken } },
  };
}

export const finish = (id: Carried) =>
  finishOf(
    run(id),
    {
      status: 'success',
      reason: null,
      error: null,
      outcomes: [],
      findings: 1,
      actions: 0,
      healingDone: true,
    },
    true,
  );

export const record = (id: Carried, broken: boolean, ends: boolean): RunWrite => ({
  run: run(id),
  recording: recordInputOf(id, broken),
  finish: ends ? finish(id) : null,
});

export const openFinding = (at: number): OpenFinding => {
  const { finding, bot, fingerprint, component } = problems[at]!;
  return {
    id: finding,
    bot_id: bot,
    fingerprint,
    check_name: 'is-well',
    severity: 'high',
    category: 'x',
    title: 'x',
    description: null,
    affected_component: component,
    component_key: component,
    metadata: null,
    judgeWithin: 600,
  };
};

export const candidates = entries.slice(0, 2).map((id, at) => ({
  id,
  name: `entry-${at}`,
  autonomy: 'auto' as const,
  enabled: true,
  solution: readSolution(scene.solution, catalogue),
}));

export const healing = (
  db: Db,
  verdict: 'clean' | 'failing' | 'unclear' = 'clean',
): HealContext => ({
  db,
  catalogue,
  signal,
  recheck: async () => verdict,
  effect: async () => null,

  emit: () => {},
  now: () => new Date(),
  leftMs: () => 10_000,
});

export const ladder = (at: number) => {
  const { action, component } = problems[at]!;
  const { solution } = candidates[0]!;
  return {
    component,
    id: action,
    knowledge: candidates[0]!,
    steps: solution.kind === 'playbook' ? solution.steps : [],
    action: { id: action, heal_id: action, knowledge_id: entries[at]!, step: 0, applied_at: null },
  };
};

export const undo = (at: number, id: Carried) => ({
  run: run(id),
  action: { id: problems[at]!.cured },
  remedy: 'other.pause',
});
export const intent = (at: number, id: Carried) => ({
  id: problems[at]!.action,
  execution_id: id,
  why: 'x',
  fault: null,
});
export const ticket = (db: Db, at: number) => row(db, problems[at]!.ticket);

/** A ticket by its id. */
export const row = async (db: Db, id: string) =>
  db.selectFrom('bot_tickets').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

/** A message of the scene: 1 to 3 wait for each other, the sending of 4 has begun, 5 is for a channel that is off. */
export const message = (number: number): string => `00000008-0000-0000-0000-00000000000${number}`;
export const jobRun = (number: number) => ({
  id: `00000007-0000-0000-0000-00000000000${number}`,
  fence: `2${number}`,
});
export const change = { actor: 'ann', why: 'x' };
