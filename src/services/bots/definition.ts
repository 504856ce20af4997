/** A bot's definition as a person gives it, checked before anything is written. */
import type { Insertable } from 'kysely';
import { botName } from '../../catalogue/names.ts';
import type { Bots } from '../../database/tables.ts';
import { keyGivenTwice } from '../../ground/documents/key-given-twice.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';

/** The parts of a definition, by the names of the options. */
export interface BotDefinition {
  schedule?: string;
  endpoint?: string;
  displayName?: string;
  description?: string;
  timezone?: string;
  /** JSON */
  config?: string;
  catchUp?: 'skip' | 'last' | 'all';
  catchUpLimit?: number;
  /** seconds, as `jitter` and `timeout` */
  grace?: number;
  overlap?: 'skip' | 'queue';
  concurrency?: number;
  jitter?: number;
  timeout?: number;
  maxAttempts?: number;
  priority?: number;
  confirm?: number;
  clear?: number;
}

/** Each option's column of `bots`. */
const columns = {
  schedule: 'schedule_cron',
  endpoint: 'api_endpoint',
  displayName: 'display_name',
  description: 'description',
  timezone: 'timezone',
  config: 'config',
  catchUp: 'catch_up',
  catchUpLimit: 'catch_up_limit',
  grace: 'grace_seconds',
  overlap: 'overlap',
  concurrency: 'concurrency',
  jitter: 'jitter_seconds',
  timeout: 'timeout_seconds',
  maxAttempts: 'max_attempts',
  priority: 'priority',
  confirm: 'confirm',
  clear: 'clear',
} as const satisfies Partial<Record<keyof BotDefinition, keyof Bots>>;

/** The columns that `bots edit`, a file of definitions and a revert can change. */
export const editableColumns: readonly (keyof Bots)[] = Object.values(columns);

/** The columns that decide whether a bot can run: after a change of one of them the bot is checked. */
export const decisiveColumns = ['schedule_cron', 'timezone', 'api_endpoint', 'config'] as const;

/** How many characters these columns hold. */
const maxLengths: Partial<Record<keyof Bots, number>> = {
  name: 50,
  display_name: 100,
  schedule_cron: 50,
  api_endpoint: 200,
};

/** `--max-attempts` of `maxAttempts` */
export const flagOf = (option: string) =>
  `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The columns that the given options set. Throws {@link UsageError} for a value that the table would refuse. */
export function columnsOf(options: BotDefinition): Partial<Insertable<Bots>> {
  const values: Record<string, unknown> = {};
  for (const [option, column] of Object.entries(columns)) {
    const raw = options[option as keyof typeof columns];
    if (raw === undefined) continue;
    const given = tidied[option]?.(raw as string) ?? raw;
    if (typeof given === 'string') checkText(flagOf(option), column, given);
    values[column] = toColumn[option]?.(given as string) ?? given;
  }
  return values;
}

/** Removes spaces that are not part of a value; a schedule keeps single spaces between its fields, the form that SQL can check. */
const tidied: Record<string, (given: string) => string> = {
  schedule: (given) => given.trim().split(/\s+/).join(' '),
  endpoint: endpointOf,
  timezone: (given) => given.trim(),
};

/** For options whose column holds another form than the option. */
const toColumn: Record<string, (given: string) => unknown> = { config: readConfig };

/** The endpoint that a person means: the name of a bot in the catalogue is enough. */
export function endpointOf(given: string): string {
  const text = given.trim();
  return botName.test(text) ? `/api/bots/${text}` : text;
}

function checkText(flag: string, column: keyof Bots, text: string): void {
  const maxLength = maxLengths[column];
  const length = [...text].length;
  if (maxLength && length > maxLength)
    throw new UsageError({
      what: `${flag} is too long`,
      why: `it has ${length} characters, and ${column} holds ${maxLength}`,
      hint: 'shorten it',
    });
  if (!text.trim() && column !== 'description')
    throw new UsageError({
      what: `${flag} is empty`,
      why: `a bot needs its ${column}`,
      hint: 'write the text, or leave the option out',
    });
}

/** Throws {@link UsageError} for a name that the table would refuse. */
export function checkName(name: string): void {
  checkText('the name', 'name', name);
  if (!botName.test(name))
    throw new UsageError({
      what: `${name} cannot be a bot's name`,
      why: 'a name has only lower-case letters, digits and dashes, and does not begin with a dash',
      hint: 'for example session-cleaner',
    });
}

/** A config that can be stored, from JSON. Throws {@link UsageError}. */
export function readConfig(text: string): object {
  const unusable = (why: string, cause?: unknown) =>
    new UsageError(
      { what: '--config cannot be used', why, hint: `write it as --config '{"days": 7}'` },
      { cause },
    );
  let unstorable = false;
  const check = (key: string, value: unknown) => {
    unstorable ||= [key, value].some((one) => typeof one === 'string' && storable(one) !== one);
    return value;
  };
  let config: unknown;
  try {
    config = JSON.parse(text, check);
  } catch (error) {
    throw unusable((error as Error).message, error);
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw unusable('it is not a JSON object');
  const twice = keyGivenTwice(text);
  if (twice !== null) throw unusable(`${twice} is given twice, and the first would be ignored`);
  if (unstorable)
    throw unusable('PostgreSQL stores neither NUL characters nor half a surrogate pair');
  return config;
}
