/** Heals a finding as the engine would once every gate is open, verifies it by the same check, and undoes it. */
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Bot, KnowledgeSeed } from '../contract/bot.ts';
import type { ReportedFinding } from '../contract/finding.ts';
import type { Evidence, Remedy, RemedyContext } from '../contract/remedy.ts';
import { readSolution, type Step } from '../catalogue/solution.ts';
import { currentTime } from '../data/bots/engine.ts';
import type { Database } from '../database/connect.ts';
import { UsageError } from '../ground/errors.ts';
import { plain } from '../ground/plain.ts';
import { contextOf, nothingLeft } from '../heal/applied.ts';
import { textOf } from '../heal/match.ts';
import { isFound } from '../heal/patterns/pattern.ts';
import { withSecrets } from '../heal/with-secrets.ts';
import { fingerprintOf, toFinding, type Finding } from '../run/tasks/finding.ts';
import { ask, type Answer, type AskOptions, type Asking } from './ask.ts';
import { fits, inWords, type ExpectedFinding } from './expected.ts';

export interface HealOptions extends AskOptions {
  /** which finding, where the check reports several: as {@link assertFindings} describes one */
  finding?: ExpectedFinding;
  /** the name of the entry of the bot's knowledge, where several fit the finding */
  knowledge?: string;
}

/** One step of a playbook that was applied. */
export interface AppliedStep {
  /** the remedy's name */
  remedy: string;
  params: unknown;
  /** what it says it did, as JSON keeps it */
  evidence: Evidence;
  /** what the remedy answers about its own effect after it: whether nothing is left to do */
  isDone: boolean | null;
  /** the check's answer after this step */
  after: Answer;
}

export interface Healed {
  finding: ReportedFinding;
  /** the name of the entry of knowledge that fits the finding */
  knowledge: string;
  /** the steps that were taken: the next one only where the check still reported the finding */
  steps: AppliedStep[];
  /** whether the check passed or reported other findings alone after the last step that was taken */
  isVerified: boolean;
  /** the check's answer after the last step */
  after: Answer;
  /**
   * Undoes the steps that have an undo, the last one first, and asks the check again. Rejects with what an undo throws. `undone` has
   * the evidence of each undo.
   */
  undo(): Promise<{ undone: Evidence[]; after: Answer }>;
}

const botId = '00000000-0000-4000-8000-000000000000';

/** Throws {@link UsageError} where it is not clear what to heal, or with what. */
export async function heal(
  asking: Asking,
  bot: Bot,
  check: string,
  { finding: wanted, knowledge: name, ...options }: HealOptions,
): Promise<Healed> {
  const finding = theOne(await ask(asking, bot, check, options), wanted);
  const seed = entryFor(bot, finding, name);
  const { key = finding.component } = finding;
  const fingerprint = fingerprintOf(botId, check, finding);
  const again = (since: Date) => ask(asking, bot, check, options, { since, key });
  const isOf = (each: ReportedFinding) => fingerprintOf(botId, check, each) === fingerprint;
  const isGone = (answer: Answer) => answer.result !== null && !answer.findings.some(isOf);
  const about = { ...options, finding: toFinding(botId, check, finding), key: randomUUID() };
  const steps: AppliedStep[] = [];
  const undos: (() => Promise<Evidence>)[] = [];
  for (const step of stepsOf(asking, seed)) {
    const { evidence, isDone, at } = await apply(asking, step, about);
    const after = await again(at);
    steps.push({ remedy: step.remedy.name, params: step.params, evidence, isDone, after });
    if (step.remedy.undo) undos.unshift(() => undo(asking, step, about, evidence));
    if (isGone(after)) break;
  }
  const { after } = steps.at(-1)!;
  return {
    finding,
    knowledge: seed.name,
    steps,
    isVerified: isGone(after),
    after,
    async undo() {
      const undone: Evidence[] = [];
      for (const each of undos) undone.push(await each());
      return { undone, after: await ask(asking, bot, check, options) };
    },
  };
}

function theOne({ findings, status, reason }: Answer, wanted: ExpectedFinding = {}) {
  const found = findings.filter((each) => fits(each, wanted));
  if (found.length === 1) return found[0]!;
  throw new UsageError({
    what: 'there is not one finding to heal',
    why: reason
      ? `the check was ${status}: ${reason}`
      : `it reported ${findings.length}, and ${found.length} of them fit: ${inWords(findings)}`,
    hint: 'plant the problem before; or say with `finding` which one is meant',
  });
}

/** The entry of the bot's knowledge that has a playbook and whose pattern is found in the finding. */
function entryFor(bot: Bot, finding: ReportedFinding, name: string | undefined): KnowledgeSeed {
  const text = textOf({
    title: finding.title,
    description: finding.description ?? null,
    affected_component: finding.component,
  });
  const all = bot.knowledge ?? [];
  const fitting = all.filter(({ pattern }) => isFound(pattern, text, () => false));
  const chosen = name === undefined ? fitting : fitting.filter((each) => each.name === name);
  if (chosen.length === 1) return chosen[0]!;
  const names = (seeds: readonly KnowledgeSeed[]) =>
    seeds.length > 0 ? seeds.map((seed) => seed.name).join(', ') : 'none';
  throw new UsageError({
    what: `it is not clear with which knowledge ${bot.name} heals this`,
    why: `of its entries (${names(all)}) these fit ${JSON.stringify(text)}: ${names(fitting)}`,
    hint:
      chosen.length > 1
        ? 'give the name of one of them as `knowledge`'
        : 'let the pattern of an entry match the title, the description or the component',
  });
}

function stepsOf({ catalogue }: Asking, { name, solution }: KnowledgeSeed): Step[] {
  const read = readSolution(solution, catalogue);
  if (read.kind === 'playbook') return read.steps;
  throw new UsageError({
    what: `the knowledge ${name} heals nothing`,
    why: read.kind === 'prose' ? 'its solution is advice for people' : read.why,
    hint: 'write its solution as a playbook: docs/remedies.md says how',
  });
}

/** What a step is applied to; `key` is the same for all calls of one application. */
interface About extends AskOptions {
  finding: Finding;
  key: string;
}

/** The remedy as a child uses it: with the secrets of the test, and its answers cleaned of them. */
const prepared = ({ remedy, params }: Step, { secrets = {} }: About): Remedy =>
  withSecrets(
    remedy,
    params,
    Object.entries(secrets).map(([name, value]) => ({ name, value })),
  );

/** Calls `work` in one transaction, or for a remedy outside on plain connections, as the engine does. */
async function within<Result>(
  { db }: Asking,
  { remedy }: Step,
  { finding, key, signal = new AbortController().signal }: About,
  work: (context: RemedyContext) => Promise<Result>,
): Promise<{ result: Result; at: Date }> {
  const call = async (on: Kysely<Database>) => {
    const at = await currentTime(on);
    const context = contextOf(on, { finding, action: { id: key } }, at, signal);
    return { result: await work(context), at };
  };
  return remedy.outside ? call(db) : db.transaction().execute(call);
}

async function apply(asking: Asking, step: Step, about: About) {
  const remedy = prepared(step, about);
  const { params } = step;
  const { result, at } = await within(asking, step, about, async (context) => {
    const wasDone = await remedy.isDone(params, context);
    return wasDone === true ? nothingLeft : remedy.apply(params, context);
  });
  const asked = await within(asking, step, about, (context) => remedy.isDone(params, context));
  return { evidence: kept(result), isDone: asked.result, at };
}

async function undo(asking: Asking, step: Step, about: About, { before, after }: Evidence) {
  const remedy = prepared(step, about);
  const { result } = await within(asking, step, about, (context) =>
    remedy.undo!(step.params, { ...context, before, after }),
  );
  return kept(result);
}

/** Evidence as `bot_actions` keeps it: through JSON, so that a test sees what an undo will get. */
const kept = (evidence: Evidence): Evidence =>
  JSON.parse(JSON.stringify(plain(evidence))) as Evidence;
