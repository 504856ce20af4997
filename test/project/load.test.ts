/** A project in short: its bots are loaded, what cannot be is left out by its line, and a mistake in its config is refused. */
import { expect, test } from 'vitest';
import { aProject, botFile, catalogueIn, configFile, writeFiles } from '../support/project.ts';

test('good files are loaded beside one that is not, and a config with a mistake is refused with what was meant', async () => {
  const project = aProject({
    'bots/good.ts': botFile('good'),
    'bots/enum.ts': '\nenum Kind { A }\nexport default Kind;\n',
  });
  const { names, err } = await catalogueIn(project);
  expect(names).toEqual(['good']);
  expect(err).toMatch(/^left out: bots\/enum\.ts:2: TypeScript enum is not supported/);
  writeFiles(project, {
    'roundsman.config.ts': configFile("{ catalogues: { folder: ['bots'] } }"),
  });
  const refused = await catalogueIn(project);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain(
    'roundsman.config.ts:3: catalogues.folder is not known; did you mean folders?',
  );
}, 120_000);
