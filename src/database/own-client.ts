/**
 * Connections that a library in the same process cannot change. `pg.types.setTypeParser` and `pg.defaults` apply to a
 * whole process, and modules of a catalogue, or their imports, set them: with drizzle-orm, for example, every time
 * becomes a string.
 */
import { createRequire } from 'node:module';
import pg from 'pg';
import type { Server } from '../ground/addresses/database-hosts.ts';
import { databaseNameIn } from '../ground/addresses/database-name.ts';
import { lastInstant, withinBounds } from '../ground/time-bounds.ts';

type Parser = (text: string) => unknown;
interface ParserFile {
  init(register: (oid: number, parser: Parser) => void): void;
}

// The files from which pg fills its table of parsers: that table itself may have been changed before this module was
// loaded, by the program that imports it. pg is pinned, and test/database/own-client.test.ts reads each type.
const fromPg = createRequire(createRequire(import.meta.url).resolve('pg'));

function parsersOf(format: 'text' | 'binary'): Map<number, Parser> {
  const parsers = new Map<number, Parser>();
  const { init } = fromPg(`pg-types/lib/${format}Parsers`) as ParserFile;
  init((oid, parser) => parsers.set(oid, parser));
  return parsers;
}

const parsers = { text: parsersOf('text'), binary: parsersOf('binary') };

// pg would turn a DATE into a Date at local midnight, which is another day in another time zone.
parsers.text.set(pg.types.builtins.DATE, (text) => text);

/**
 * Turns a time that pg has read into a Date that every use accepts. pg reads `infinity` as a number, and a time past
 * the year 275760 as an invalid Date: the first use of either as a Date throws. PostgreSQL has no times before 4713 BC,
 * so an invalid Date always stands for a time that is too late, and never for one that is too early.
 */
function asInstant(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asInstant);
  if (typeof value !== 'number' && !(value instanceof Date)) return value;
  const ms = Number(value);
  return Number.isNaN(ms) ? new Date(lastInstant) : withinBounds(ms);
}

const timeTypes = [pg.types.builtins.TIMESTAMP, pg.types.builtins.TIMESTAMPTZ, 1115, 1185];
for (const oid of timeTypes) {
  const parse = parsers.text.get(oid)!;
  parsers.text.set(oid, (text) => asInstant(parse(text)));
}

/** The parsers for the columns on Roundsman's own connections; the values of other types stay text. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format: 'text' | 'binary' = 'text'): Parser =>
    parsers[format]?.get(oid) ?? String,
};

/** pg's defaults, without those that have only a setter: `parseInt8`, for example, only changes parsers. */
const defaultDescriptors = Object.entries(Object.getOwnPropertyDescriptors(pg.defaults));
const originalDefaults = defaultDescriptors.flatMap(([name, { value, writable }]) =>
  writable === true ? [[name, value] as const] : [],
);

/** Where an address has a blank, `pg` reads every encoded character of it as another one. */
function withoutBlanks(config: pg.ClientConfig = {}): pg.ClientConfig {
  const { connectionString: address } = config;
  if (address === undefined || !URL.canParse(address)) return config;
  return { ...config, connectionString: asVerified(new URL(address).href) };
}

/**
 * The address with sslmode=verify-full in place of the modes prefer, require and verify-ca. pg treats these three as
 * verify-full anyway, but prints a warning that this will change. An address that asks for libpq's own meaning of the
 * modes (uselibpqcompat) stays as it is.
 */
const asVerified = (url: string): string =>
  /[?&]uselibpqcompat=true/.test(url)
    ? url
    : url.replace(/([?&]sslmode=)(prefer|require|verify-ca)(?=&|$)/, '$1verify-full');

/** Has the client ask for the database that its address names. */
function askForNamed(client: pg.Client, { connectionString = '' }: pg.ClientConfig): void {
  const name = databaseNameIn(connectionString);
  const inside = client as unknown as { connectionParameters: { database: string } };
  if (name !== null) client.database = inside.connectionParameters.database = name;
}

/** A client of `pg` with the original parsers and defaults of `pg`, and the database that its address names. */
export class OwnClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    const defaults = pg.defaults as unknown as Record<string, unknown>;
    // The constructor reads the process's defaults, and none of its options can switch them off.
    const changedDefaults = originalDefaults.map(([name]) => [name, defaults[name]] as const);
    for (const [name, value] of originalDefaults) defaults[name] = value;
    const given = withoutBlanks(config);
    try {
      super({ ...given, types });
      askForNamed(this, given);
    } finally {
      for (const [name, value] of changedDefaults) defaults[name] = value;
    }
    // A session that ends between two statements emits an error, which would end the process where it has no listener, and pg-pool listens
    // only while a session is idle. The next statement fails because of it, so nothing is lost here.
    this.on('error', () => {});
  }

  /** Connects to this server in place of the host of its address. Call it before `connect`. */
  goTo({ host, port }: Server): void {
    const inside = this as unknown as { connectionParameters: { host: string; port: number } };
    Object.assign(this, { host, port });
    Object.assign(inside.connectionParameters, { host, port });
  }
}
