/** Bots and remedies of a project's own folders: what is loaded, and what is left out with its place and what to do. */
import { chmodSync, chownSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { aProject, botFile, catalogueIn, runIn, writeFiles } from '../support/project.ts';

// Each test waits for several real commands, which are slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

const wave = (name: string) => `\
import { defineRemedy, z } from 'roundsman/bot';

export const wave = defineRemedy({
  name: '${name}',
  title: 'Wave',
  risk: 'safe',
  params: z.strictObject({}),
  isDone: async () => false,
  apply: async () => ({ summary: 'waved', before: null, after: null }),
});
`;

const entry = (name: string, remedy: string) =>
  `{ name: '${name}', category: 'x', pattern: 'a problem', autonomy: 'suggest', solution: 'steps:\\n  - remedy: ${remedy}\\n' },`;

test('each file that cannot be loaded is left out by file and line with what to do, and the others are there', async () => {
  const project = aProject({
    'bots/enum.ts': 'export const a = 1;\n\nenum Kind { A }\nexport default Kind;\n',
    'bots/good.ts': botFile('good'),
    'bots/missing-file.ts': "import { ask } from './ask.ts';\n\nexport default ask;\n",
    'bots/missing-package.ts': "\nimport { z } from 'no-such-package';\n\nexport default z;\n",
    'bots/nothing.ts': 'export const a = 1;\n',
    'bots/syntax.ts': 'const a = 1;\n\nexport default {{;\n',
  });
  const { code, names, err } = await catalogueIn(project);
  expect(err.split('\n').filter((line) => line.startsWith('left out'))).toEqual([
    'left out: bots/enum.ts:3: TypeScript enum is not supported in strip-only mode. Try: Node runs TypeScript by leaving the types out: write what is left without them, for example an object in place of an enum',
    `left out: bots/missing-file.ts:1: Cannot find module '${project}/bots/ask.ts' imported from ${project}/bots/missing-file.ts. Try: correct the path: an import of your own file ends with its extension, such as ./ask.ts`,
    `left out: bots/missing-package.ts:2: Cannot find package 'no-such-package' imported from ${project}/bots/missing-package.ts. Try: install that package in your project, or correct its name`,
    'left out: bots/nothing.ts: it exports no bot and no remedy. Try: export what defineBot or defineRemedy returns; a file that others import belongs into a folder below, or begins with _',
    expect.stringMatching(/^left out: bots\/syntax\.ts:3: .+ Try: correct the file$/),
  ]);
  expect({ code, names }).toEqual({ code: 0, names: ['good'] });
});

test('an import of a type, and one of a JSON file, is told how it is written', async () => {
  const project = aProject({
    'bots/good.ts': botFile('good'),
    'bots/json.ts': "import own from '../package.json';\n\nexport default own;\n",
    'bots/type.ts': "import { join, PlatformPath } from 'node:path';\n\nexport default join;\n",
  });
  const { names, err } = await catalogueIn(project);
  expect(err).toMatch(
    /^left out: bots\/json\.ts.+ Try: write `with \{ type: 'json' \}` behind the import of a JSON file$/m,
  );
  expect(err).toMatch(
    /^left out: bots\/type\.ts:1: .+ Try: correct that name; if PlatformPath is a type, write `import type`/m,
  );
  expect(names).toEqual(['good']);
});

test('a file that throws names the line that threw, also in a file that it imports', async () => {
  const project = aProject({
    'bots/good.ts': botFile('good'),
    'bots/parts/limits.ts': 'export const limits = {};\n\nthrow new Error("no limits here");\n',
    'bots/throws.ts': "import { limits } from './parts/limits.ts';\nexport default limits;\n",
  });
  const { names, err } = await catalogueIn(project);
  expect(err).toBe('left out: bots/parts/limits.ts:3: no limits here. Try: correct the file\n');
  expect(names).toEqual(['good']);
});

test('what a file exports has to be a whole bot: the field that is wrong is named', async () => {
  const project = aProject({
    'bots/a.ts': 'export const one = { name: "one", checks: [] };\n',
    'bots/b.ts': botFile('two').replace('run: look }', "run: 'look' }"),
    'bots/c.ts': botFile('Three'),
    'bots/d.ts': wave('d.wave').replace("risk: 'safe'", "risk: 'reversible'"),
    'bots/e.ts': `${botFile('five')}\n${botFile('six').split('\n').slice(6).join('\n').replace('bot =', 'other =')}\nexport default bot;\n`,
  });
  const { names, err } = await catalogueIn(project);
  expect(err).toBe(
    [
      'left out: bots/a.ts:1: its export one is no bot that can be used: displayName is missing. Try: write it with defineBot of roundsman/bot, which has an editor and tsc check it',
      'left out: bots/b.ts:7: its export bot is no bot that can be used: checks.0.run has to be a function. Try: write it with defineBot of roundsman/bot, which has an editor and tsc check it',
      'left out: bots/d.ts:4: the remedy d.wave is reversible and has no undo. Try: correct it in that file',
      'left out: bots/c.ts:8: the bot "Three" has no usable name: up to 50 lower-case letters, digits and hyphens, a letter or digit first. Try: correct it in that file',
      '',
    ].join('\n'),
  );
  expect(names).toEqual(['five', 'six']);
});

test('a name that is taken stays with the built-in catalogue and with the first file', async () => {
  const project = aProject(
    {
      'bots/a.ts': botFile('twice'),
      'bots/b.ts': botFile('twice'),
      'bots/c.ts': botFile('janitor'),
      'bots/d.ts': botFile('remote'),
      'bots/e.ts': wave('session.end'),
    },
    "{ catalogues: { builtIn: ['ledger'], folders: ['bots'] } }",
  );
  const { names, err } = await catalogueIn(project);
  expect(err).toBe(
    [
      'left out: bots/e.ts:4: the remedy session.end is also in the built-in catalogue, and that one is used. Try: give this remedy another name',
      'left out: bots/b.ts:8: the bot twice is also in bots/a.ts:8, and that one is used. Try: give this bot another name',
      'left out: bots/c.ts:8: the bot janitor is also in the built-in catalogue, and that one is used. Try: give this bot another name',
      'left out: bots/d.ts:8: the bot remote is also in the built-in catalogue, and that one is used. Try: give this bot another name',
      '',
    ].join('\n'),
  );
  expect(names).toEqual(['ledger', 'twice']);
});

test('an entry of knowledge whose remedy no catalogue has is left out by its line, and its bot stays', async () => {
  const more = `knowledge: [\n    ${entry('own.wave', 'own.wave')}\n    ${entry('own.wawe', 'own.wawe')}\n  ],`;
  const project = aProject({
    'bots/a.ts': botFile('a', undefined, more),
    'bots/b.ts': wave('own.wave'),
  });
  const { bots, err } = await catalogueIn(project);
  expect(err).toMatch(
    /^left out: bots\/a\.ts:16: the knowledge own\.wawe: .*own\.wawe.*own\.wave.* Try: correct it in that file\n$/,
  );
  expect(bots).toEqual([expect.objectContaining({ name: 'a', knowledge: ['own.wave'] })]);
});

test('names of files with spaces, line breaks and signs of other scripts, ends of lines of Windows, JavaScript; tests and parts are no bots', async () => {
  const project = aProject({
    'bots/with space.ts': botFile('space'),
    'bots/with\nbreak.ts': botFile('break'),
    'bots/обход.ts': botFile('other-script'),
    'bots/100%.ts': botFile('percent'),
    'bots/hash#and?mark.ts': botFile('hash'),
    'bots/windows.ts': botFile('windows').replaceAll('\n', '\r\n'),
    'bots/plain.mjs':
      "import { defineBot, z } from 'roundsman/bot';\nexport default defineBot({ name: 'plain', displayName: 'P', description: 'P', schedule: '@daily', config: z.strictObject({}), checks: [{ name: 'a', title: 'A?', run: async () => ({ examined: [], findings: [] }) }] });\n",
    'bots/plain.test.ts': 'throw new Error("a test was loaded");\n',
    'bots/types.d.ts': 'export interface A {}\n',
    'bots/_part.ts': 'throw new Error("a part was loaded alone");\n',
    'bots/.hidden.ts': 'throw new Error("a hidden file was loaded");\n',
    'bots/readme.md': '# Bots\n',
    'bots/below/part.ts': 'throw new Error("a part was loaded alone");\n',
  });
  const { names, err } = await catalogueIn(project);
  expect(err).toBe('');
  expect(names).toEqual(['break', 'hash', 'other-script', 'percent', 'plain', 'space', 'windows']);
});

test('in a CommonJS project a file that cannot be read says which name it needs, and .mts files are loaded', async () => {
  const project = aProject({
    'package.json': '{ "name": "old", "type": "commonjs" }',
    'bots/a.ts': botFile('a'),
    'bots/b.mts': botFile('b'),
  });
  // The config itself would be CommonJS, too.
  const refused = await catalogueIn(project);
  expect(refused).toMatchObject({
    code: 2,
    err: expect.stringContaining(`call it ${project}/roundsman.config.mts`),
  });
  writeFiles(project, {
    'roundsman.config.mts':
      "export default { catalogues: { builtIn: 'none', folders: ['bots'] } };\n",
  });
  const { names, err } = await catalogueIn(project, ['--config', 'roundsman.config.mts']);
  expect(err).toContain(
    `put "type": "module" into the package.json above it, or call it ${project}/bots/a.mts`,
  );
  expect(names).toEqual(['b']);
});

test('a link out of the folder, a broken link and a missing folder are left out; a link inside is its file once', async () => {
  const project = aProject(
    { 'bots/a.ts': botFile('a'), 'elsewhere/b.ts': botFile('b'), 'more/c.ts': botFile('c') },
    "{ catalogues: { builtIn: 'none', folders: ['bots', './bots/', 'none', 'package.json', 'more'] } }",
  );
  symlinkSync('a.ts', join(project, 'bots/same.ts'));
  symlinkSync('../elsewhere/b.ts', join(project, 'bots/b.ts'));
  symlinkSync('gone.ts', join(project, 'bots/broken.ts'));
  const { names, err } = await catalogueIn(project);
  expect(err.split('\n').map((line) => line.split('. Try')[0])).toEqual([
    'left out: bots/b.ts: it is a link that leads out of its folder',
    expect.stringContaining('left out: bots/broken.ts: it cannot be read: ENOENT'),
    'left out: none: there is no such folder',
    'left out: package.json: it is not a folder',
    '',
  ]);
  expect(names).toEqual(['a', 'c']);
});

test('a folder or a config that other users may change is not loaded', async () => {
  const project = aProject({ 'bots/a.ts': botFile('a'), 'bots/b.ts': botFile('b') });
  chmodSync(join(project, 'bots/b.ts'), 0o666);
  const left = await catalogueIn(project);
  expect(left.err).toMatch(
    /^left out: bots: .*b\.ts can be written by other users, so its code may be another user's\. Try: take that right away \(chmod go-w/,
  );
  expect(left.names).toEqual([]);
  chmodSync(join(project, 'bots/b.ts'), 0o644);
  chmodSync(project, 0o777);
  const open = await runIn(project, ['bots', 'catalogue']);
  expect(open).toMatchObject({ code: 2, out: '' });
  expect(open.err).toContain(
    `${project} can be written by other users, so its code may be another user's`,
  );
  chmodSync(project, 0o755);
  expect((await catalogueIn(project)).names).toEqual(['a', 'b']);
});

test.runIf(process.geteuid?.() === 0)('a config of another user is not loaded', async () => {
  const project = aProject({ 'bots/a.ts': botFile('a') });
  chownSync(join(project, 'roundsman.config.ts'), 65_534, 65_534);
  const { code, err } = await catalogueIn(project);
  expect(code).toBe(2);
  expect(err).toContain('belongs to another user (id 65534)');
});

test('a file that waits for ever is left out, and what files begin at their top does not keep a command alive', async () => {
  const project = aProject({
    'bots/good.ts': botFile('good'),
    'bots/ticks.ts': `setInterval(() => {}, 1_000);\n${botFile('ticks')}`,
    'bots/waits.ts': 'await new Promise(() => {});\n',
  });
  const { code, names, err } = await catalogueIn(project);
  expect({ code, names }).toEqual({ code: 0, names: ['good', 'ticks'] });
  expect(err).toBe(
    'left out: bots/waits.ts: it did not finish loading within 10 s. Try: take away what it waits for at its top (an await, or a loop): it has to load without another system\n',
  );
});

test('what a file throws may be anything: its text is bounded, and holds nothing that a terminal or a row cannot', async () => {
  const project = aProject({
    'bots/a.ts': 'throw new Error("a\\u0000b\\u001b[31m" + "x".repeat(2 ** 20));\n',
    'bots/b.ts': 'throw null;\n',
    'bots/c.ts': wave('No Name'),
    'bots/good.ts': botFile('good'),
  });
  const { names, err } = await catalogueIn(project);
  expect(names).toEqual(['good']);
  expect(err.length).toBeLessThan(2_000);
  expect(err).toMatch(/^left out: bots\/a\.ts:1: a\uFFFDb\uFFFD\[31mx+…\. Try: correct the file$/m);
  expect(err).toMatch(/^left out: bots\/b\.ts: null\. Try: correct the file$/m);
  expect(err).toMatch(
    /^left out: bots\/c\.ts:3: its export wave is no remedy that can be used: name has to be up to 100 lower-case letters/m,
  );
});

test('a file that ends the process is named', async () => {
  const project = aProject({
    'bots/a.ts': "await import('../lib/ends.ts');\n",
    'bots/b.ts': 'await new Promise((done) => setTimeout(done, 5_000));\n',
    'lib/ends.ts': '\nprocess.exit(0);\n',
  });
  const { code, err } = await runIn(project, ['bots', 'catalogue']);
  expect(code).toBe(1);
  expect(err).toContain(`why: "${project}/lib/ends.ts", line 2 calls process.exit\n`);
});
