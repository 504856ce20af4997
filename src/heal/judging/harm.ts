/** Whether an entry's heals cause other problems, and how that limits the entry's autonomy. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { aftermathsOf, type Aftermath } from './aftermath.ts';
import { alternationOf, type Alternation, type Direction } from './alternation.ts';
import type { Autonomy } from '../../ground/autonomy.ts';
import type { Change } from './autonomy.ts';
import { minCases } from './figures.ts';
import { fisher } from '../statistics/fisher.ts';
import { limitedDaysOf, selfCausingOf, type SelfCausing } from './self-causing.ts';
import { share } from '../../ground/text.ts';
import { wilson, type Sample } from '../statistics/wilson.ts';

/** Other problems begin at a bot because of the entry's heals. */
interface CausesProblems extends Aftermath {
  pattern: 'harms';
  why: string;
  /**
   * the probability that chance alone makes such a difference, 0 to 1; null when there is too little to compare with
   */
  chance: number | null;
}

/** The entry and another one undo each other. */
interface UndoesAnother extends Alternation {
  pattern: 'alternates';
  why: string;
}

/** The entry causes what it heals. */
interface CausesWhatItHeals extends SelfCausing {
  pattern: 'circles';
  why: string;
}

/**
 * What was found, with its figures, as stored in `bot_knowledge.aftermath` and in the event that lowers the autonomy of the entry.
 */
export type Harm = CausesProblems | UndoesAnother | CausesWhatItHeals;

/**
 * Harm is found when the probability of chance is at most this: for problems that begin by the bot's next look, and for each
 * longer window (.0005 and .001 in all). `againstLeft`: in the comparison with findings that the entry left alone;
 * `againstOtherwise`: with looks that follow no heal. The question is asked after every outcome, and heals come in bursts.
 * A plain comparison with the rest of the time (.01) would blame nearly every innocent entry for its bursts.
 * docs/healing.md has the figures of both.
 */
const maxChances = {
  nextLook: { againstLeft: 0.0004, againstOtherwise: 0.0008 },
  laterLooks: { againstLeft: 0.00002, againstOtherwise: 0.00004 },
} as const;
/**
 * When too little was left alone to compare with, the problem must follow nearly every heal: the lower bound of the share
 * of heals that it follows must be at least this.
 */
const minLowerBound = 0.75;
/**
 * After this many heals that were nearly all followed by a problem, harm is found even when there is nothing at all to
 * compare with. The entry then only suggests, so it leaves alone the findings that the comparison lacks, and gains auto
 * again if they show no harm.
 */
const minHealsWithoutComparison = 20;
/**
 * Once found, harm stands until enough findings were left alone (an entry that only suggests leaves them alone) and the
 * probability of chance is higher than this.
 */
const maxChanceOnceFound = 0.1;

/** Harm that was found before. A record from before there were longer windows does not name its window. */
type FoundBefore = Pick<CausesProblems, 'bot'> & Partial<Pick<CausesProblems, 'looks'>>;

/**
 * The bot at which other problems begin because of the entry, as far as figures can tell; null when there is none.
 * `bots` is the number of bots at which any problem began: half of the probability of chance is for the entry's own
 * bots, the rest is shared by all others. `before` names the bot and the window of harm that was found before.
 */
export function harmOf(
  aftermaths: readonly Aftermath[],
  bots: number,
  before: FoundBefore | null,
): Harm | null {
  for (const each of aftermaths) {
    const { bot, own, looks, healed, left, otherwise } = each;
    const maxChance = looks === 1 ? maxChances.nextLook : maxChances.laterLooks;
    if (healed.successes < minCases) continue;
    const comparisons = bots === 1 ? 1 : own ? 2 : 2 * bots;
    const againstLeft = fisher(healed, left);
    if (againstLeft * comparisons <= maxChance.againstLeft) return harmFrom(each, againstLeft);
    const leftTooFew = left.trials < minCases;
    const { lower } = wilson(healed.successes, healed.trials);
    const followsNearlyAll = leftTooFew && left.successes === 0 && lower >= minLowerBound;
    const againstOtherwise = fisher(healed, otherwise);
    if (followsNearlyAll && againstOtherwise * comparisons <= maxChance.againstOtherwise)
      return harmFrom(each, againstOtherwise);
    const hasNoComparison =
      otherwise.trials < minCases && healed.trials >= minHealsWithoutComparison;
    if (followsNearlyAll && hasNoComparison) return harmFrom(each, null);
    const wasFound = bot === before?.bot && looks === (before.looks ?? 1);
    if (wasFound && (leftTooFew || againstLeft <= maxChanceOnceFound))
      return harmFrom(each, leftTooFew ? null : againstLeft);
  }
  return null;
}

const harmFrom = (aftermath: Aftermath, chance: number | null): Harm => ({
  pattern: 'harms',
  why: problemsInWords(aftermath, chance),
  chance,
  ...aftermath,
});

/**
 * Reads what came after the entry's heals, and stores the result with the entry, so that the conductor can report it.
 * Reads and writes under the caller's lock on the entry. `judgingActor` is the actor of the engine's own changes of
 * autonomy.
 */
export async function updateHarm(
  trx: Transaction<Database>,
  id: string,
  judgingActor: string,
): Promise<Harm | null> {
  const entry = await trx
    .selectFrom('bot_knowledge')
    .select('aftermath')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const before = entry.aftermath as Harm | null;
  const other = before?.pattern === 'alternates' ? before.with : null;
  const alternation = await alternationOf(trx, id, judgingActor, other);
  const { aftermaths, bots } = await aftermathsOf(trx, id, judgingActor);
  const harm: Harm | null = alternation
    ? { pattern: 'alternates', why: alternationInWords(alternation), ...alternation }
    : (harmOf(aftermaths, bots, before?.pattern === 'harms' ? before : null) ??
      (await selfCausedHarm(trx, id, judgingActor, before)));
  const stored = harm && JSON.stringify(harm);
  await sql`UPDATE bot_knowledge SET aftermath = ${stored}::jsonb
            WHERE id = ${id}::uuid AND aftermath IS DISTINCT FROM ${stored}::jsonb`.execute(trx);
  // The other entry may have no new outcome that would make it due for judging. A transaction that locks it is judging
  // it, or has just written an outcome of it.
  if (alternation)
    await sql`
      UPDATE bot_knowledge SET unjudged = true
      WHERE id = (SELECT id FROM bot_knowledge WHERE name = ${alternation.with} AND aftermath IS NULL AND NOT unjudged
                  FOR NO KEY UPDATE SKIP LOCKED)`.execute(trx);
  return harm;
}

/**
 * Once found, this harm stands until a person changes the entry: an entry that only suggests does not reach its daily
 * limit any more, so later figures cannot refute it.
 */
async function selfCausedHarm(
  trx: Transaction<Database>,
  id: string,
  judgingActor: string,
  before: Harm | null,
): Promise<CausesWhatItHeals | null> {
  if (before?.pattern === 'circles') return before;
  const days = await limitedDaysOf(trx, id, judgingActor);
  const figures = days && selfCausingOf(days);
  return figures && { pattern: 'circles', why: selfCausingInWords(figures), ...figures };
}

/** A change of autonomy, and the harm that is its reason, if any. */
export interface ChangeForHarm extends Change {
  harm?: Harm;
}

/** The change that the outcomes ask for. But an entry that does harm loses auto, and never gains it. */
export function restrictByHarm(
  change: Change | null,
  from: Autonomy,
  harm: Harm | null,
): ChangeForHarm | null {
  if (!harm) return change;
  if (from === 'auto') return { autonomy: 'suggest', why: harm.why, harm };
  return change?.autonomy === 'auto' ? null : change;
}

const outOf = ({ successes, trials }: Sample): string => `${successes} of ${trials}`;

const problemsInWords = (
  { bot, looks, minutes, healed, left, otherwise }: Aftermath,
  chance: number | null,
) =>
  `another problem began at ${bot} within ${Math.round(minutes)} minutes after ${outOf(healed)} heals, after ${outOf(left)} ` +
  `findings that it left alone, and in ${outOf(otherwise)} ${looks === 1 ? 'looks' : `stretches of ${looks} looks`} ` +
  `without a heal before: ${chanceInWords(chance)}`;

function chanceInWords(chance: number | null): string {
  if (chance === null) return 'there is too little to compare with';
  return `the probability of that by chance alone is ${chance < 0.0001 ? 'below .0001' : share(chance, 4)}`;
}

const alternationInWords = ({ with: other, forth, back }: Alternation) =>
  `it and ${other} undo each other: ${outOf(forth.healed)} of its heals were followed after ${delayOf(forth)} by a ` +
  `problem for ${other}, and ${outOf(back.healed)} heals of ${other} after ${delayOf(back)} by a problem for it`;

const delayOf = ({ minutes }: Direction): string => `about ${Math.round(minutes ?? 0)} minutes`;

const selfCausingInWords = (figures: SelfCausing): string => {
  const { heals, components, quiet, rests, hours, expected } = figures;
  return (
    `it healed ${components} components ${heals} times in three days, and each of them broke again; its daily limit ` +
    `stopped it ${rests} times, and in ${quiet} of these times (${Math.round(hours)} hours in all) no new problem began, ` +
    `where ${Math.round(expected)} were expected at its pace before: it causes what it heals`
  );
};
