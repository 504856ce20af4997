/** A config that loads slowly, waits for ever or loops for ever: each command ends, and names the file. */
import { expect, test } from 'vitest';
import { aProject, botFile, configFile, runIn, writeFiles } from '../support/project.ts';

const config = (top: string) =>
  `${top}\n${configFile("{ catalogues: { builtIn: 'none', folders: ['bots'] } }")}`;

/** `bots catalogue` in a project with these files. */
const catalogue = (files: Record<string, string>) => {
  const project = aProject({ 'bots/a.ts': botFile('a') });
  writeFiles(project, files);
  return { project, ended: runIn(project, ['bots', 'catalogue', '--columns', 'name']) };
};

test('a slow config is waited for, and one that never ends is given up', async () => {
  const slow = catalogue({
    'roundsman.config.ts': config('await new Promise((go) => setTimeout(go, 10_000));'),
  });
  const waiting = catalogue({ 'roundsman.config.ts': config('await new Promise(() => {});') });
  const looping = catalogue({ 'roundsman.config.ts': config('for (;;);') });
  const loopingBot = catalogue({ 'bots/b.ts': `for (;;);\n${botFile('b')}` });

  expect(await slow.ended).toMatchObject({ code: 0, out: 'name\na\n' });
  const { code, err } = await waiting.ended;
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringContaining('roundsman.config.ts: it did not finish loading within 30 s'),
  });
  for (const [{ project, ended }, file] of [
    [looping, 'roundsman.config.ts'],
    [loopingBot, 'bots/b.ts'],
  ] as const) {
    const { code, out, err } = await ended;
    // Nothing in that process can end it in order.
    expect({ code, out }).toEqual({ code: null, out: '' });
    expect(err).toContain('error: code of the project does not finish loading\n');
    expect(err).toContain(`"${project}/${file}"`);
    expect(err).toContain('try: take away the loop at its top');
  }
}, 400_000);
