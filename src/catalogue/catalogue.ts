import { z } from 'zod';
import {
  catalogueNameIn,
  namesNoBot,
  secretsAskedBy,
  type Bot,
  type KnowledgeSeed,
} from '../contract/bot.ts';
import type { AnyCheck } from '../contract/event-check.ts';
import type { Remedy } from '../contract/remedy.ts';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { askedIfMeant, nearest } from '../ground/nearest.ts';
import { isPlaybook, readPlaybook, type Remedies } from '../playbook/read.ts';
import { remoteBot } from '../remote/bot.ts';
import { secretNamesIn } from '../remote/config.ts';
import { isAddress, problemOfEndpoint } from '../remote/endpoint.ts';
import { sourceBot } from '../sources/bot.ts';
import { isSource, problemOfSource } from '../sources/endpoint.ts';
import { botName, knowledgeName } from './names.ts';
import { BadDefinitionError, badDefinition, settingsHint } from './bad-definition.ts';

export { BadDefinitionError } from './bad-definition.ts';

/** A file of bots/ breaks the contract of src/bot.ts. */
export class BadCatalogueError extends RoundsmanError {
  constructor(why: string) {
    super({
      what: 'the catalogue cannot be used',
      why,
      hint: 'correct the file in bots/ that defines it',
    });
  }
}

/** Code of a project's own catalogue that was left out, and what to do about it. */
export interface RefusedCode {
  /** the path of the file or folder */
  file: string;
  /** the line in it, from 1; null where it is not known */
  line: number | null;
  /** a sentence without a full stop */
  why: string;
  hint: string;
}

/** All bots and remedies of bots/ and of the project's own folders, found by the names that rows of the tables use. */
export interface Catalogue extends Remedies {
  readonly bots: readonly Bot[];
  /** what the project's own folders have and could not be taken; empty where all could */
  readonly refused: readonly RefusedCode[];
  /**
   * The bot behind `bots.api_endpoint`, with `bots.config` as the bot's schema parses it, and the dependencies of its
   * components, which come from its code and from the setting `depends_on`. Throws {@link BadDefinitionError}.
   */
  resolve(endpoint: string, config: unknown): Resolved;
  /** The bot behind an endpoint, for an address the remote bot; undefined where there is none. */
  botAt(endpoint: string): Bot | undefined;
  /**
   * The names of the secrets that the bot behind an endpoint may read, for an address those that its config names; none where
   * there is no such bot.
   */
  secretsOf(endpoint: string, config: unknown): readonly string[];
  /** Whether this check of the bot behind an endpoint looks outside, as its bot or the check itself says. */
  looksOutside(endpoint: string, check: Pick<AnyCheck<unknown>, 'looksOutside'>): boolean;
}

export interface Resolved {
  bot: Bot;
  config: unknown;
  dependsOn(component: string): string[];
}

/**
 * Every bot accepts this setting, whatever its own schema is. A map, because a component may be called `__proto__`.
 */
const dependencies = z
  .custom<object>(
    (given) => typeof given === 'object' && given !== null && !Array.isArray(given),
    'Invalid input: expected record',
  )
  .transform((given) => new Map<string, unknown>(Object.entries(given)))
  .pipe(z.map(z.string(), z.array(z.string().min(1)).max(100)));

/**
 * Throws {@link BadCatalogueError}: a mistake in the catalogue is found when a process starts. `refused` is what was left out of the
 * given bots and remedies already.
 */
export function catalogueOf(
  bots: readonly Bot[],
  remedies: readonly Remedy[],
  refused: readonly RefusedCode[] = [],
): Catalogue {
  const byName = new Map(bots.map((bot) => [bot.name, bot]));
  const remediesByName = new Map(remedies.map((remedy) => [remedy.name, remedy]));
  const names = [...byName.keys()].join(', ');

  const known: Remedies = {
    remedy: (name) => remediesByName.get(name),
    remedyNames: [...remediesByName.keys()],
  };
  refuseEqualNames('bot', bots);
  refuseEqualNames('remedy', remedies);
  for (const bot of bots) refuseUnfitBot(bot);
  for (const remedy of remedies) refuseUnfitRemedy(remedy);
  for (const seed of bots.flatMap(({ knowledge = [] }) => knowledge))
    refuseUnfitKnowledge(seed, known);

  const botAt = (endpoint: string): Bot | undefined => {
    if (isAddress(endpoint)) return problemOfEndpoint(endpoint) === null ? remoteBot : undefined;
    if (isSource(endpoint)) return problemOfSource(endpoint) === null ? sourceBot : undefined;
    const name = catalogueNameIn(endpoint);
    return name === undefined ? undefined : byName.get(name);
  };

  return {
    ...known,
    bots,
    refused,
    botAt,
    secretsOf: (endpoint, config) =>
      isAddress(endpoint) ? secretNamesIn(config) : secretsAskedBy(botAt(endpoint), config),
    looksOutside: (endpoint, check) =>
      (check.looksOutside ?? botAt(endpoint)?.looksOutside) === true,
    resolve(endpoint, config) {
      const bot = botAt(endpoint);
      if (!bot) {
        const problem = isAddress(endpoint) ? problemOfEndpoint(endpoint) : null;
        if (problem !== null)
          throw new BadDefinitionError(
            'api_endpoint',
            problem,
            'the address of a remote bot is written as https://host/path; docs/remote-bots.md says what it has to answer',
          );
        const unfit = isSource(endpoint) ? problemOfSource(endpoint) : null;
        if (unfit !== null)
          throw new BadDefinitionError(
            'api_endpoint',
            unfit,
            'the endpoint of a source is written as in:name; `npx roundsman sources add` makes its bot',
          );
        const meant = nearest(/[^/:]*$/.exec(endpoint)![0], [...byName.keys()]);
        throw new BadDefinitionError(
          'api_endpoint',
          `${endpoint} ${namesNoBot}`,
          `${meant.length > 0 ? `${askedIfMeant(meant.map((name) => `/api/bots/${name}`))} ` : ''}` +
            `give /api/bots/<name> with one of: ${names}; or the https address of a remote bot`,
        );
      }
      const { depends_on = {}, ...ownConfig } = (config ?? {}) as Record<string, unknown>;
      const fromSetting = readValue(bot, ['config', 'depends_on'], dependencies, depends_on);
      const parents = (component: string) => [
        ...ownOf(bot.dependsOn ?? {}, component),
        ...(fromSetting.get(component) ?? []),
      ];
      return { bot, config: readValue(bot, ['config'], bot.config, ownConfig), dependsOn: parents };
    },
  };
}

/** Own properties only: a component may have the name of a property that every object inherits. */
const ownOf = (lists: Record<string, string[]>, component: string): string[] =>
  Object.hasOwn(lists, component) ? lists[component]! : [];

/** The value as the bot's schema reads it. Throws {@link BadDefinitionError}. */
function readValue<Value>(
  bot: Bot,
  path: string[],
  schema: z.ZodType<Value>,
  value: unknown,
): Value {
  let parsed: z.ZodSafeParseResult<Value>;
  try {
    parsed = schema.safeParse(value);
  } catch (error) {
    // The schema is the bot's own code: if it throws, the value counts as refused.
    throw new BadDefinitionError(path.join('.'), messageOf(error), settingsHint(bot, []));
  }
  if (parsed.success) return parsed.data;
  throw badDefinition(bot, path, parsed.error.issues);
}

function refuseEqualNames(what: string, all: readonly { name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of all) {
    if (names.has(name))
      throw new BadCatalogueError(`the name of the ${what} ${name} is used twice`);
    names.add(name);
  }
}

/** Throws {@link BadCatalogueError} for a bot that the tables would refuse, whatever its knowledge is. */
export function refuseUnfitBot(bot: Bot): void {
  refuseName('bot', bot.name, botName, 'up to 50 lower-case letters, digits and hyphens');
  refuseTwoStatuses(bot);
  refuseCounts(bot);
}

function refuseName(what: string, name: string, allowed: RegExp, inWords: string): void {
  if (!allowed.test(name))
    throw new BadCatalogueError(
      `the ${what} ${JSON.stringify(name)} has no usable name: ${inWords}, a letter or digit first`,
    );
}

/** Refuses counts that the columns `bots.confirm` and `bots.clear` would refuse. */
function refuseCounts({ name, ...counts }: Bot): void {
  for (const field of ['confirm', 'clear'] as const) {
    const count = counts[field] ?? 1;
    if (!Number.isInteger(count) || count < 1 || count > 20)
      throw new BadCatalogueError(
        `the bot ${name}: ${field} has to be a whole number from 1 to 20, and is ${count}`,
      );
  }
}

/** A bot with both would be enabled as soon as its tables exist, although a person has to resume it first. */
function refuseTwoStatuses({ name, needs, shipsPaused }: Bot): void {
  if (needs === undefined || shipsPaused === undefined) return;
  throw new BadCatalogueError(`the bot ${name} ships paused and needs tables: only one of them`);
}

/** Throws {@link BadCatalogueError} for a remedy that could not be undone as its risk says. */
export function refuseUnfitRemedy({ name, risk, undo }: Remedy): void {
  if (undo || risk === 'safe' || risk === 'irreversible') return;
  throw new BadCatalogueError(`the remedy ${name} is reversible and has no undo`);
}

/**
 * Throws {@link BadCatalogueError} for knowledge of the catalogue that has no usable name, whose playbook cannot run, or that would
 * act without a person although the effect cannot be undone.
 */
export function refuseUnfitKnowledge(
  { name, solution, autonomy }: KnowledgeSeed,
  known: Remedies,
): void {
  refuseName(
    'knowledge',
    name,
    knowledgeName,
    'up to 100 lower-case letters, digits, dots and hyphens',
  );
  if (!isPlaybook(solution)) return;
  let irreversible: string[];
  try {
    irreversible = readPlaybook(solution, known)
      .filter(({ remedy }) => remedy.risk === 'irreversible')
      .map(({ remedy }) => remedy.name);
  } catch (error) {
    throw new BadCatalogueError(`the knowledge ${name}: ${messageOf(error)}`);
  }
  if (autonomy === 'auto' && irreversible.length > 0)
    throw new BadCatalogueError(
      `the knowledge ${name} is auto, and ${irreversible.join(', ')} is irreversible: such a remedy always asks a person`,
    );
}
