import {
  countCovered,
  listMaintenance,
  type ListedMaintenance,
} from '../../data/bots/bot-maintenance.ts';
import { insertMaintenance } from '../../data/maintenance/occurrences.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { severities, type Severity } from '../../ground/severity.ts';
import { storable, withCommas } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';
import { unknownNameInWords } from '../references/unknown-name.ts';
import { countSlots } from './slots.ts';
import { plannedTimes, refuseUnclearTimes, type GivenTimes } from './times.ts';

export { zoneOf } from './times.ts';

/** How many characters a text may have, and how many names of one kind may be given. */
const maxCharacters = 1_000;
const maxNames = 1_000;

/** The scope of a window; an empty list means all bots, components, categories or severities. */
export interface Scope {
  /** by name or id */
  bots: string[];
  components: string[];
  categories: string[];
  severities: Severity[];
  skipRuns: boolean;
}

interface GivenScope {
  bot?: string[] | undefined;
  component?: string[] | undefined;
  category?: string[] | undefined;
  severity?: Severity[] | undefined;
  skipRuns?: boolean | undefined;
}

/** The scope that the options name. Throws UsageError for an empty name, and for `--skip-runs` with a scope that has no bots. */
export function scopeOf({
  bot,
  component,
  category,
  severity = [],
  skipRuns = false,
}: GivenScope): Scope {
  const scope = {
    bots: namesIn('--bot', bot),
    components: namesIn('--component', component),
    categories: namesIn('--category', category),
    severities: severities.filter((each) => severity.includes(each)),
    skipRuns,
  };
  if (skipRuns && severity.length > 0)
    throw refusal(
      '--skip-runs is for whole runs, and --severity is given: a run looks for problems of every severity',
      'leave one of them out',
    );
  const named = scope.components.length > 0 ? '--component' : '--category';
  if (skipRuns && scope.bots.length === 0 && scope.components.length + scope.categories.length > 0)
    throw refusal(
      `--skip-runs is for bots, and only ${named} is given: a run looks at all components of its bot`,
      'name the bots with --bot, or leave --skip-runs out',
    );
  return scope;
}

function namesIn(flag: string, given: readonly string[] = []): string[] {
  const names = [...new Set(given.map((name) => maintenanceTextOf(flag, name)))];
  if (names.length > maxNames)
    throw refusal(`${flag} is given more than ${maxNames} times`, 'add several windows');
  return names;
}

/** An option's text. Throws UsageError for an empty or too long one. */
export function maintenanceTextOf(flag: string, value: string): string {
  const text = storable(value.trim());
  const { length } = [...text];
  if (length > maxCharacters)
    throw refusal(
      `${flag} has ${withCommas(length)} characters, and ${withCommas(maxCharacters)} at most`,
      'shorten it: it stands in lists and messages',
    );
  if (length > 0) return text;
  throw refusal(
    `${flag} is empty`,
    `for example ${flag} ${flag === '--reason' ? "'the database is upgraded'" : 'api'}`,
  );
}

/** A sentence for each name in the scope that no finding ever had. Throws NotFoundError for a bot. */
export async function unknownNamesIn(
  db: Db,
  { bots, components, categories }: Scope,
): Promise<string[]> {
  for (const bot of bots) await botOf(db, bot);
  const warnings: (string | null)[] = [];
  for (const name of components) warnings.push(await unknownNameInWords(db, 'component', name));
  for (const name of categories) warnings.push(await unknownNameInWords(db, 'category', name));
  return warnings.filter((each) => each !== null);
}

export interface AddedMaintenance {
  maintenance: ListedMaintenance;
  /** open findings and pending tickets in its scope, and the slots of its first occurrence that it skips */
  covered: { findings: number; tickets: number; slots: { count: number; is_least: boolean } };
  /** what the person may not have meant, in words */
  warnings: string[];
  now: Date;
}

/**
 * Adds a maintenance window. For operators. Throws NotFoundError, BadScheduleError, and UsageError for times that cannot be a
 * window (./times.ts).
 */
export async function addMaintenance(
  { db, actor }: { db: Db; actor: Actor },
  { scope, times, reason }: { scope: Scope; times: GivenTimes; reason: string },
): Promise<AddedMaintenance> {
  authorise(actor, 'add maintenance windows', 'operator');
  refuseUnclearTimes(times);
  const now = await currentTime(db);
  const planned = plannedTimes(times, now);
  const bots = [];
  for (const bot of scope.bots) bots.push(await botOf(db, bot));
  const orNull = (names: string[]) => (names.length > 0 ? names : null);
  const id = await insertMaintenance(db, {
    ...planned,
    bot_ids: orNull([...new Set(bots.map(({ id }) => id))]),
    components: orNull(scope.components),
    categories: orNull(scope.categories),
    severities: orNull(scope.severities),
    skip_runs: scope.skipRuns,
    owner: storable(actor.name),
    reason: storable(reason),
  });
  const [maintenance] = await listMaintenance(db, { all: true, limit: 1, id });
  return {
    maintenance: maintenance!,
    covered: {
      ...(await countCovered(db, id)),
      slots: await countSlots(db, maintenance!, planned.occurrences[0]!),
    },
    warnings: warningsOf(maintenance!, planned.occurrences),
    now,
  };
}

const dayMs = 86_400_000;

function warningsOf(
  { schedule_cron, skip_runs }: ListedMaintenance,
  occurrences: readonly { starts_at: Date; ends_at: Date }[],
): string[] {
  const lengths = occurrences.map((each) => each.ends_at.getTime() - each.starts_at.getTime());
  const consequence = `people are told of nothing in it${skip_runs ? ', and nothing is checked' : ''}`;
  const days = Math.floor(lengths[0]! / dayMs);
  if (days >= 1)
    return [
      `it lasts for ${days === 1 ? 'a day' : `${days} days`}${schedule_cron === null ? '' : ' each time'}, and ${consequence}`,
    ];
  const [first, last] = [occurrences[0]!, occurrences.at(-1)!];
  const share =
    lengths.slice(0, -1).reduce((sum, each) => sum + each, 0) /
    (last.starts_at.getTime() - first.starts_at.getTime());
  return share > 0.5
    ? [`it is in force for ${Math.round(share * 100)} % of the time, and ${consequence}`]
    : [];
}

const refusal = (why: string, hint: string): UsageError =>
  new UsageError({ what: 'no maintenance window was added', why, hint });
