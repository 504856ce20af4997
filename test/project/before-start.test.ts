/** Commands that read, in a project that was not started yet: what the config names is listed, and the rest says what to type. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aProject, botFile, runIn } from '../support/project.ts';

test('bots list shows the bots of the config, in every form, and makes no database', async () => {
  const project = aProject({ 'bots/own.ts': botFile('own'), 'bots/other.ts': botFile('other') });
  const lines = await runIn(project, ['bots', 'list', '--columns', 'name,schedule_cron,status']);
  expect(lines).toEqual({
    code: 0,
    out: 'name\tschedule_cron\tstatus\nother\t0 0 1 1 *\t\nown\t0 0 1 1 *\t\n',
    err: 'there is no database yet: these are the bots of the catalogue. `npx roundsman up` (`npm start`) makes one and adds them\n',
  });
  const { code, out } = await runIn(project, ['bots', 'list', '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual(
    ['other', 'own'].map((name) =>
      expect.objectContaining({ name, id: null, status: null, open_findings: 0 }),
    ),
  );
  expect(existsSync(join(project, '.roundsman'))).toBe(false);
}, 120_000);

test('other commands say what makes a database', async () => {
  const project = aProject({ 'bots/own.ts': botFile('own') });
  const { code, err } = await runIn(project, ['tickets', 'list']);
  expect(code).toBe(1);
  expect(err).toContain(`there is no embedded database in ${project}/.roundsman`);
  expect(err).toContain('try: run `npx roundsman up` (`npm start`), which makes one');
}, 120_000);
