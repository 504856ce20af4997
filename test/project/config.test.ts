/** `roundsman.config.ts`: where it is found, what it may say, and how a mistake in it is told. */
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  aProject,
  botFile,
  catalogueIn,
  configFile,
  runIn,
  writeFiles,
} from '../support/project.ts';

// Each test waits for several real commands, which are slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

test('all that is wrong is told at once, each by its line and with what was probably meant', async () => {
  const project = aProject({
    'roundsman.config.ts': `import { defineConfig } from 'roundsman';

export default defineConfig({
  catalogues: {
    builtIn: ['legder', 'janitor'],
    folders: ['bots'],
  },
  settings: {
    http_host: ['10.0.0.5'],
    api_logs_keep_days: 'for ever',
  },
});
`,
  });
  const { code, err } = await catalogueIn(project);
  expect(code).toBe(2);
  expect(err).toContain(`error: ${project}/roundsman.config.ts cannot be used`);
  expect(err).toContain(
    'roundsman.config.ts:5: catalogues.builtIn: "legder" is no built-in bot; did you mean ledger?',
  );
  expect(err).toContain(
    'roundsman.config.ts:9: settings.http_host is no setting; did you mean http_hosts?',
  );
  expect(err).toContain(
    'roundsman.config.ts:10: settings.api_logs_keep_days: it has to be a whole number',
  );
});

test.each([
  ['{ catalogs: {} }', 'roundsman.config.ts:3: catalogs is not known; did you mean catalogues?'],
  ["{ catalogues: { folder: ['bots'] } }", 'catalogues.folder is not known; did you mean folders?'],
  ["{ catalogues: { folders: 'bots' } }", 'catalogues.folders: has to be a list of paths'],
  [
    "{ catalogues: { builtIn: 'some' } }",
    "catalogues.builtIn: has to be 'all', 'none' or a list of names",
  ],
  [
    '{ settings: { http_hosts: { a: 1 } } }',
    'settings.http_hosts: has to be a text, a number or a list of texts',
  ],
  ['{ plugins: [] }', 'plugins is not known; it takes catalogues and settings'],
])('%s is refused', async (config, why) => {
  const { code, err } = await catalogueIn(aProject({}, config));
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
});

test('a config that throws, has an error of syntax, or exports nothing names its line', async () => {
  const project = aProject({});
  const told = async (text: string) => {
    writeFiles(project, { 'roundsman.config.ts': text });
    const { code, err } = await catalogueIn(project);
    expect(code).toBe(2);
    return err;
  };
  expect(await told('\nthrow new Error("no key");\n')).toContain(
    'why: roundsman.config.ts:2: no key',
  );
  expect(await told('\n\nexport default {{;\n')).toContain('why: roundsman.config.ts:3: ');
  expect(await told('export const config = {};\n')).toContain('it has no default export: write');
});

test('it is found from a folder below, up to the folder with package.json and not above', async () => {
  const project = aProject({ 'bots/a.ts': botFile('a'), 'docs/deep/notes.md': '' });
  expect((await catalogueIn(join(project, 'docs/deep'))).names).toEqual(['a']);
  writeFiles(project, { 'other/package.json': '{}' });
  const { names } = await catalogueIn(join(project, 'other'));
  expect(names).toContain('ledger');
  expect(names).not.toContain('a');
});

test('--config before the command and ROUNDSMAN_CONFIG name another one; the option wins', async () => {
  const project = aProject({
    'bots/a.ts': botFile('a'),
    'second/b.ts': botFile('b'),
    'second.config.ts': configFile("{ catalogues: { builtIn: 'none', folders: ['second'] } }"),
    'third.config.ts': configFile("{ catalogues: { builtIn: 'none', folders: [] } }"),
  });
  const second = join(project, 'second.config.ts');
  expect((await catalogueIn(realpathSync('/'), ['--config', second])).names).toEqual(['b']);
  expect((await catalogueIn(project, [`--config=second.config.ts`])).names).toEqual(['b']);
  const settings = { ROUNDSMAN_CONFIG: 'third.config.ts' };
  expect((await catalogueIn(project, [], settings)).names).toEqual([]);
  expect((await catalogueIn(project, ['--config', second], settings)).names).toEqual(['b']);
  const missing = await catalogueIn(project, ['--config', 'none.config.ts']);
  expect(missing).toMatchObject({ code: 2, err: expect.stringContaining('there is no such file') });
});

test('`.env` and the home of the embedded database are beside it', async () => {
  const project = aProject({ '.env': 'ROUNDSMAN_CONCURRENCY=none\n' });
  mkdirSync(join(project, 'bots'));
  const { code, err } = await runIn(join(project, 'bots'), ['bots', 'list']);
  expect(code).toBe(2);
  expect(err).toContain('ROUNDSMAN_CONCURRENCY');
  rmSync(join(project, '.env'));
  const none = await runIn(join(project, 'bots'), ['tickets', 'list']);
  expect(none.err).toContain(join(project, '.roundsman'));
});
