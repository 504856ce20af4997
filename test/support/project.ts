/** A project of its own in a directory: a `roundsman.config.ts`, and bots in `bots/`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const program = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));

/** The text of a bot file: one check that passes, unless `check` is the body of another one. */
export const botFile = (
  name: string,
  check = 'return { examined: [], findings: [] };',
  more = '',
) => `\
import { defineBot, z, type CheckContext, type CheckResult } from 'roundsman/bot';

async function look(_config: unknown, _context: CheckContext): Promise<CheckResult> {
  ${check}
}

export const bot = defineBot({
  name: '${name}',
  displayName: 'A bot',
  description: 'Looks.',
  schedule: '0 0 1 1 *',
  config: z.strictObject({}),
  checks: [{ name: 'look', title: 'Is it well?', run: look }],
  ${more}
});
`;

export const configFile = (text: string): string =>
  `import { defineConfig } from 'roundsman';\n\nexport default defineConfig(${text});\n`;

/** Writes files into a project; a path with folders makes these. */
export function writeFiles(directory: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

/** Makes a project, which is removed when the test ends. Returns its directory. */
export function aProject(
  files: Record<string, string>,
  config = "{ catalogues: { builtIn: 'none', folders: ['bots'] } }",
): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'roundsman-project-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFiles(directory, {
    'package.json': '{ "name": "own", "private": true, "type": "module" }\n',
    'roundsman.config.ts': configFile(config),
    ...files,
  });
  return directory;
}

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a command in a directory, and waits for its end. */
export async function runIn(
  directory: string,
  args: string[],
  settings: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program, ...args], {
    cwd: directory,
    env: { PATH, HOME, NO_COLOR: '1', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text));
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'close');
  return { code: child.exitCode, ...heard };
}

/** The names of the bots that the catalogue has in a directory, and what was left out. */
export async function catalogueIn(
  directory: string,
  args: string[] = [],
  settings: NodeJS.ProcessEnv = {},
) {
  const { code, out, err } = await runIn(
    directory,
    [...args, 'bots', 'catalogue', '--json'],
    settings,
  );
  const bots = code === 0 ? (JSON.parse(out) as { name: string; knowledge: string[] }[]) : [];
  return { code, bots, names: bots.map(({ name }) => name), err };
}
