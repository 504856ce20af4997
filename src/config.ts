import { isAbsolute, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { completeUrl } from './ground/addresses/complete-url.ts';
import { problemOf } from './ground/addresses/database-address.ts';
import { problemOfPing } from './ground/addresses/ping-address.ts';
import { readKeyRing, type KeyRing } from './ground/secrets/key-ring.ts';
import { RoundsmanError, UsageError } from './ground/errors.ts';
import { redisDatabaseIn } from './ground/addresses/redis-database.ts';
import { dotEnvFile, dotEnvText, projectDirectory } from './dot-env.ts';
import { NoSettingsError } from './ground/files/settings-file.ts';

export interface Config {
  /** the address of a PostgreSQL; without it the embedded one in `home` is used */
  readonly databaseUrl: string | undefined;
  /** the address of a Redis for BullMQ; without it BullMQ's PostgreSQL backend in the same database */
  readonly redisUrl: string | undefined;
  /** the directory of the embedded database and the log of `up` */
  readonly home: string;
  /** how many runs one worker process executes at once */
  readonly concurrency: number;
  /** the most connections to PostgreSQL that one process opens; without it the server's limit counts */
  readonly connections: number | undefined;
  /** MB that one child process may hold while it carries out checks and remedies */
  readonly checkMemoryMb: number;
  readonly logLevel: string;
  /** where `roundsman web` and `up` listen */
  readonly webHost: string;
  readonly webPort: number;
  /** the address that is told each minute that runs go on; whoever knows it can ping it, so it is a secret */
  readonly pingUrl: string | undefined;
  /** seals and opens secrets; without it no secret can be stored */
  readonly keys: KeyRing | undefined;
  /** The value of a variable of the environment or of `.env`; undefined where it is not set. */
  readonly variable: (name: string) => string | undefined;
}

/** One setting that cannot be used. */
class BadSetting extends UsageError {
  readonly setting: string;

  constructor(setting: string, why: string, hint: string) {
    super({ what: `${setting} cannot be used`, why, hint });
    this.setting = setting;
  }
}

/** Several settings cannot be used; the error explains each of them. */
export class BadSettingsError extends UsageError {
  readonly settings: readonly UsageError[];

  constructor(settings: readonly BadSetting[]) {
    const each = (of: 'why' | 'hint') => settings.map((one) => `${one.setting}: ${one[of]}`);
    super({
      what: `${settings.length} settings cannot be used`,
      why: each('why').join('; '),
      hint: each('hint').join('; '),
      reasons: each('why'),
    });
    this.settings = settings;
  }
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Reads the environment, then `.env` for what is not set there; checks and freezes all of it. Throws {@link
 * UsageError} that names the variable, or {@link BadSettingsError} that names several.
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const given: NodeJS.ProcessEnv = { ...dotEnv(), ...environment };
  const badSettings: BadSetting[] = [];
  const tryRead = <Value>(read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof BadSetting)) throw error;
      badSettings.push(error);
      return undefined;
    }
  };
  const config = {
    databaseUrl: tryRead(() =>
      url(complete(given, environment), 'DATABASE_URL', ['postgres:', 'postgresql:']),
    ),
    redisUrl: tryRead(() => redisUrl(given)),
    home: directory(given.ROUNDSMAN_HOME),
    concurrency: tryRead(() => integer(given, 'ROUNDSMAN_CONCURRENCY', 10, 1, 1000))!,
    connections: given.ROUNDSMAN_CONNECTIONS?.trim()
      ? tryRead(() => integer(given, 'ROUNDSMAN_CONNECTIONS', 0, 1, 10_000))
      : undefined,
    checkMemoryMb: tryRead(() => integer(given, 'ROUNDSMAN_CHECK_MEMORY_MB', 512, 128, 65_536))!,
    logLevel: tryRead(() => word(given, 'ROUNDSMAN_LOG_LEVEL', 'info', levels))!,
    webHost: given.ROUNDSMAN_WEB_HOST?.trim() || '127.0.0.1',
    webPort: tryRead(() => integer(given, 'ROUNDSMAN_WEB_PORT', 8420, 1, 65_535))!,
    pingUrl: tryRead(() => pingUrl(given)),
    keys: tryRead(() => keys(given, 'ROUNDSMAN_KEYS')),
    variable: (name: string) => (Object.hasOwn(given, name) ? given[name] : undefined),
  };
  if (badSettings.length > 1) throw new BadSettingsError(badSettings);
  if (badSettings[0]) throw badSettings[0];
  return Object.freeze(config);
}

function dotEnv(): NodeJS.Dict<string> {
  try {
    return parseEnv(dotEnvText());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UsageError({
      what: 'the settings could not be read',
      why: `${dotEnvFile}: ${(error as Error).message}`,
      hint:
        error instanceof NoSettingsError
          ? error.hint
          : 'make the file readable and your own, or remove it',
    });
  }
}

function refuse(name: string, why: string, hint: string): never {
  throw new BadSetting(name, why, hint);
}

/** Completes the address from PostgreSQL's own variables; `pg` would not read them from `.env`. */
function complete(given: NodeJS.ProcessEnv, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const address = given.DATABASE_URL?.trim();
  if (address && isMisread(address))
    refuse(
      'DATABASE_URL',
      'the name of the database in it would be read as another one: it has a part that is . or .., or a % that encodes nothing',
      'write % as %25; a database whose name is . or .. has to be renamed',
    );
  return address ? { ...given, DATABASE_URL: completeUrl(address, environment) } : given;
}

function url(given: NodeJS.ProcessEnv, name: string, protocols: string[]): string | undefined {
  const value = given[name]?.trim();
  if (!value) return undefined;
  const example = `${protocols[0]}//user:password@host/name`;
  const encoded = `write it as ${example}; in a password # is %23, / is %2F, ? is %3F and @ is %40`;
  // The message does not repeat the value: it holds a password. Some readers of an address leave such characters out
  // and others do not, so that they would connect to different places.
  if (/\p{Cc}/u.test(value))
    refuse(
      name,
      'it holds a tab, a line break or another control character',
      `write it as ${example}`,
    );
  if (!URL.canParse(value)) refuse(name, 'it is not a URL', encoded);
  const { protocol } = new URL(value);
  if (!protocols.includes(protocol))
    refuse(name, `it begins with ${protocol}`, `write it as ${example}`);
  if (isCutShort(new URL(value)))
    refuse(name, 'its password ends at a character that ends it in a URL', encoded);
  const problem = name === 'DATABASE_URL' ? problemOf(value) : null;
  if (problem) refuse(name, problem.why, problem.hint);
  return value;
}

/**
 * Whether the password contains #, / or ?, and so ends too early: a URL reads the text before that character as host and port,
 * and the rest, with the @ before the true host, as a path, parameters or a fragment.
 */
const isCutShort = ({ username, pathname, searchParams, hash }: URL): boolean =>
  hash !== '' ||
  (username === '' && (pathname.includes('@') || [...searchParams.keys()].join().includes('@')));

/**
 * Whether the path of an address is not the name that it shows: every reader of URLs takes out the parts . and .. of a path. What has an @
 * may be the end of a password, which is told elsewhere.
 */
function isMisread(address: string): boolean {
  const [, path = ''] = /^[a-z]+:\/\/[^/?#]*\/([^?#@]*)(?:[?#]|$)/i.exec(address) ?? [];
  return !isDecodable(path) || path.split('/').some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function redisUrl(given: NodeJS.ProcessEnv): string | undefined {
  const value = url(given, 'REDIS_URL', ['redis:', 'rediss:']);
  if (value === undefined) return undefined;
  const { username, password } = new URL(value);
  if (![username, password].every(isDecodable))
    refuse(
      'REDIS_URL',
      'its user or password contains a % that encodes no character',
      'write a percent sign as %25',
    );
  if (redisDatabaseIn(value) === null)
    refuse(
      'REDIS_URL',
      'the part after its host is not the number of a database',
      'write it as redis://user:password@host:port/0, with the number of one that the server has',
    );
  return value;
}

function integer(
  given: NodeJS.ProcessEnv,
  name: string,
  otherwise: number,
  least: number,
  most: number,
): number {
  const text = given[name]?.trim();
  if (!text) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most)
    refuse(name, `it is ${text}`, `give a whole number from ${least} to ${most}`);
  return value;
}

function word(given: NodeJS.ProcessEnv, name: string, otherwise: string, words: string[]): string {
  const value = given[name]?.trim() || otherwise;
  if (!words.includes(value)) refuse(name, `it is ${value}`, `give one of ${words.join(', ')}`);
  return value;
}

function pingUrl(given: NodeJS.ProcessEnv): string | undefined {
  const value = given.ROUNDSMAN_PING_URL?.trim();
  if (!value) return undefined;
  const problem = problemOfPing(value);
  if (problem) refuse('ROUNDSMAN_PING_URL', problem.why, problem.hint);
  return value;
}

function keys(given: NodeJS.ProcessEnv, name: string): KeyRing | undefined {
  const value = given[name]?.trim();
  if (!value) return undefined;
  try {
    return readKeyRing(value);
  } catch (error) {
    // The error says which key is wrong, and repeats none.
    if (error instanceof RoundsmanError) refuse(name, error.why, error.hint);
    throw error;
  }
}

function directory(given: string | undefined): string {
  const path = given?.trim() || '.roundsman';
  return isAbsolute(path) ? path : resolve(projectDirectory, path);
}
