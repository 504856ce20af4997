/**
 * Which pg_dump dumps the schema. The bundled one does for every server up to its version, because with it the restored copy can be
 * dumped again and compared. A newer server needs a pg_dump of the machine.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { libpqEnvironment } from '../../database/libpq.ts';
import { messageOf } from '../../ground/errors.ts';
import { pgDumpInProcess } from './pg-dump-in-process.ts';
import { SchemaDumpError } from './schema-dump-error.ts';

/** The version of pg_dump in @electric-sql/pglite-tools 0.4.8. */
export const bundled = { major: 18, name: 'pg_dump 18.3 (pglite-tools 0.4.8)' };

export type Section = 'pre-data' | 'post-data';

export interface Dumper {
  name: string;
  dump(
    url: string,
    section: Section,
    options: { args: readonly string[]; snapshot?: string; signal: AbortSignal },
  ): Promise<string>;
}

const argumentsOf = (section: Section, args: readonly string[], snapshot?: string): string[] => [
  '--schema-only',
  `--section=${section}`,
  ...(snapshot ? [`--snapshot=${snapshot}`] : []),
  ...args,
];

const inProcess: Dumper = {
  name: bundled.name,
  dump: async (url, section, { args, snapshot, signal }) =>
    withoutRestrict(await pgDumpInProcess(url, argumentsOf(section, args, snapshot), signal)),
};

const run = promisify(execFile);

/** The most that a schema may have: a thousand tables have some 2 MB. */
const maxBytes = 512 * 1024 * 1024;

/** The pg_dump at this path, called with the password in its environment, never in its arguments. */
export const machineDumper = (path: string, version: string): Dumper => ({
  name: `pg_dump ${version} (${path})`,
  async dump(url, section, { args, snapshot, signal }) {
    try {
      const { stdout } = await run(
        path,
        ['--no-password', ...argumentsOf(section, args, snapshot)],
        {
          env: { PATH: process.env.PATH, ...libpqEnvironment(url) },
          maxBuffer: maxBytes,
          signal,
        },
      );
      return withoutRestrict(stdout);
    } catch (error) {
      signal.throwIfAborted();
      const { stderr } = error as { stderr?: string };
      throw new SchemaDumpError(stderr?.trim() || messageOf(error));
    }
  },
});

/** Without the two commands for psql that newer pg_dumps put around a dump: the server does not know them. */
export function withoutRestrict(text: string): string {
  const [, key] = /^\\restrict (\w+)$/m.exec(text) ?? [];
  return key === undefined
    ? text
    : text.replace(`\\restrict ${key}\n`, '').replace(`\\unrestrict ${key}\n`, '');
}

/** Where distributions put the programs of each version. */
const debian = '/usr/lib/postgresql';

const placesOnMachine = (): string[] => [
  ...(process.env.PATH ?? '').split(delimiter).filter(Boolean),
  ...(existsSync(debian) ? readdirSync(debian).map((major) => join(debian, major, 'bin')) : []),
];

/** The pg_dumps of this machine with their versions, such as `17.2`. */
async function dumpersOfMachine(): Promise<{ path: string; version: string }[]> {
  const paths = placesOnMachine().map((place) => join(place, 'pg_dump'));
  const found = await Promise.all(
    [...new Set(paths)].filter(existsSync).map(async (path) => {
      const { stdout } = await run(path, ['--version']).catch(() => ({ stdout: '' }));
      const [, version] = /(\d+(?:\.\d+)?)/.exec(stdout) ?? [];
      return version === undefined ? [] : [{ path, version }];
    }),
  );
  return found.flat();
}

const majorIn = (version: string): number => Number.parseInt(version, 10);

/** The dumper for a server of this version. Throws {@link SchemaDumpError} where none is new enough. */
export async function dumperFor(serverMajor: number): Promise<Dumper> {
  if (serverMajor <= bundled.major) return inProcess;
  const fitting = (await dumpersOfMachine())
    .filter(({ version }) => majorIn(version) >= serverMajor)
    .toSorted((a, b) => majorIn(a.version) - majorIn(b.version))[0];
  if (fitting) return machineDumper(fitting.path, fitting.version);
  throw new SchemaDumpError(
    `the server is PostgreSQL ${serverMajor}, and the bundled ${bundled.name} cannot read servers after ${bundled.major}`,
    `install the client programs of PostgreSQL ${serverMajor} (Debian: postgresql-client-${serverMajor}), so that pg_dump is on the PATH`,
  );
}

/**
 * The text without the two lines that name versions, so that it is equal for equal schemas; and without a setting that only
 * PostgreSQL 17 and later know, so that servers before that can restore it. Whoever restores sets no such limit.
 */
export function comparable(schema: string): string {
  // Only the head is changed: the same words may stand in a function.
  const first = schema.indexOf('\n--\n-- Name: ');
  const end = first === -1 ? schema.length : first;
  const head = schema
    .slice(0, end)
    .replace(/^-- Dumped (?:from database|by pg_dump) version .*\n/gm, '')
    .replace('SET transaction_timeout = 0;\n', '');
  return head + schema.slice(end);
}
