/** Whether an entry's heals cause other problems, and how that limits the entry's autonomy. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';
import { aftermathsOf, type Aftermath } from './aftermath.ts';
import { alternationOf, type Alternation, type Way } from './alternation.ts';
import type { Autonomy } from '../../ground/autonomy.ts';
import type { Change } from './autonomy.ts';
import { enough } from './figures.ts';
import { fisher } from '../statistics/fisher.ts';
import { circleOf, keptBackOf, type Circle } from './kept-back.ts';
import { share } from '../../ground/text.ts';
import { wilson, type Sample } from '../statistics/wilson.ts';

interface Harms extends Aftermath {
  pattern: 'harms';
  why: string;
  /**
   * the probability that chance alone makes such a difference, 0 to 1; null when there is too little to compare with
   */
  chance: number | null;
}

interface Alternates extends Alternation {
  pattern: 'alternates';
  why: string;
}

interface Circles extends Circle {
  pattern: 'circles';
  why: string;
}

/** What was found, with its figures, as stored in `bot_knowledge.aftermath` and in the event that lowers the entry. */
export type Harm = Harms | Alternates | Circles;

/**
 * The highest probability of chance at which harm is found: for problems that begin by the next look, and for each
 * longer window (.0005 and .001 in all). The question is asked after every outcome, and heals come in storms. A plain
 * comparison with the rest of the time (.01) would blame nearly every innocent entry for its storms. docs/healing.md
 * has the figures of both.
 */
const chances = {
  soon: { besideLeft: 0.0004, besideOthers: 0.0008 },
  later: { besideLeft: 0.00002, besideOthers: 0.00004 },
} as const;
/** When too little was left alone to compare with, the problem must follow nearly every heal. */
const nearlyAlways = 0.75;
/**
 * After this many heals that were nearly all followed by a problem, harm is found even when there is nothing at all to
 * compare with. The entry then only suggests, so it leaves alone the findings that the comparison lacks, and gains auto
 * again if they show no harm.
 */
const withoutComparison = 20;
/**
 * Once found, harm stands until enough findings were left alone (an entry that only suggests leaves them alone) and
 * chance is more probable than this.
 */
const chanceKept = 0.1;

/** A record from before there were longer windows does not name its window. */
type Known = Pick<Harms, 'bot'> & Partial<Pick<Harms, 'looks'>>;

/**
 * The bot at which other problems begin because of the entry, as far as figures can tell; null when there is none.
 * `bots` is the number of bots at which any problem began: half of the probability of chance is for the entry's own
 * bots, the rest is shared by all others. `known` names the bot and the window of harm that was found before.
 */
export function harmOf(seen: readonly Aftermath[], bots: number, known: Known | null): Harm | null {
  for (const each of seen) {
    const { bot, own, looks, healed, left, otherwise } = each;
    const { besideLeft, besideOthers } = looks === 1 ? chances.soon : chances.later;
    if (healed.successes < enough) continue;
    const comparisons = bots === 1 ? 1 : own ? 2 : 2 * bots;
    const beside = fisher(healed, left);
    if (beside * comparisons <= besideLeft) return harmFrom(each, beside);
    const few = left.trials < enough;
    const lower = wilson(healed.successes, healed.trials).lower;
    const mayBe = few && left.successes === 0 && lower >= nearlyAlways;
    const alone = fisher(healed, otherwise);
    if (mayBe && alone * comparisons <= besideOthers) return harmFrom(each, alone);
    const blind = otherwise.trials < enough && healed.trials >= withoutComparison;
    if (mayBe && blind) return harmFrom(each, null);
    const isKnown = bot === known?.bot && looks === (known.looks ?? 1);
    if (isKnown && (few || beside <= chanceKept)) return harmFrom(each, few ? null : beside);
  }
  return null;
}

const harmFrom = (seen: Aftermath, chance: number | null): Harm => ({
  pattern: 'harms',
  why: harmInWords(seen, chance),
  chance,
  ...seen,
});

/**
 * Reads what came after the entry's heals, and stores the result with the entry, so that the conductor can report it.
 * Reads and writes under the caller's lock on the entry.
 */
export async function weighHarm(
  trx: Transaction<Database>,
  id: string,
  judge: string,
): Promise<Harm | null> {
  const entry = await trx
    .selectFrom('bot_knowledge')
    .select('aftermath')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const known = entry.aftermath as Harm | null;
  const other = known?.pattern === 'alternates' ? known.with : null;
  const alternation = await alternationOf(trx, id, judge, other);
  const { seen, bots } = await aftermathsOf(trx, id, judge);
  const harm: Harm | null = alternation
    ? { pattern: 'alternates', why: alternationInWords(alternation), ...alternation }
    : (harmOf(seen, bots, known?.pattern === 'harms' ? known : null) ??
      (await circles(trx, id, judge, known)));
  const kept = harm && JSON.stringify(harm);
  await sql`UPDATE bot_knowledge SET aftermath = ${kept}::jsonb
            WHERE id = ${id}::uuid AND aftermath IS DISTINCT FROM ${kept}::jsonb`.execute(trx);
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
 * An entry that asks is no longer kept back by its limit, so nothing can refute the circle: it stands until a person
 * changes the entry.
 */
async function circles(trx: Transaction<Database>, id: string, judge: string, known: Harm | null) {
  if (known?.pattern === 'circles') return known;
  const days = await keptBackOf(trx, id, judge);
  const circle = days && circleOf(days);
  return circle && { pattern: 'circles' as const, why: circleInWords(circle), ...circle };
}

/** A change of autonomy, and the harm that it rests on, if any. */
export interface Restrained extends Change {
  harm?: Harm;
}

/** The change that the outcomes ask for. But an entry that does harm loses auto, and never gains it. */
export function restrain(
  change: Change | null,
  from: Autonomy,
  harm: Harm | null,
): Restrained | null {
  if (!harm) return change;
  if (from === 'auto') return { autonomy: 'suggest', why: harm.why, harm };
  return change?.autonomy === 'auto' ? null : change;
}

const times = ({ successes, trials }: Sample): string => `${successes} of ${trials}`;

const harmInWords = (
  { bot, looks, minutes, healed, left, otherwise }: Aftermath,
  chance: number | null,
) =>
  `another problem began at ${bot} within ${Math.round(minutes)} minutes of ${times(healed)} heals, of ${times(left)} ` +
  `that it left alone and in ${times(otherwise)} other ${looks === 1 ? 'looks' : `stretches of ${looks} looks`}: ${rare(chance)}`;

function rare(chance: number | null): string {
  if (chance === null) return 'too few to compare with';
  return `chance alone does that in ${chance < 0.0001 ? 'less than .0001' : share(chance, 4)} of cases`;
}

const alternationInWords = ({ with: other, forth, back }: Alternation) =>
  `it and ${other} undo each other: ${other} had to heal what began ${soon(forth)} ${times(forth.healed)} of its heals, ` +
  `and it had to ${soon(back)} ${times(back.healed)} of the other one's`;

const soon = ({ minutes }: Way): string => `about ${Math.round(minutes ?? 0)} minutes after`;

const circleInWords = ({ heals, components, quiet, rests, hours, expected }: Circle): string =>
  `it healed ${components} components ${heals} times in three days, and each came back; in ${quiet} of ${rests} times in ` +
  `which its daily limit kept it back nothing new began, ${Math.round(hours)} hours in all, in which as before it would ` +
  `have been ${Math.round(expected)} problems: it heals what it causes itself`;
