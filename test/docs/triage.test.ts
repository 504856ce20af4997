/** The section on triage of docs/operations.md: its keys are those of the review. `operations.test.ts` runs its commands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { bots, remedies } from '../../bots/index.ts';
import { actions } from '../../src/cli/review/actions/actions.ts';
import { helpLines } from '../../src/cli/review/help.ts';
import { knowledge } from '../../src/demo/knowledge.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const section = page.slice(page.indexOf('\n## Triage'));

test('the entry that its example approves is one that a new user finds, and it can be undone', () => {
  const example = /a approves (\S+): (.+)\n.*(can(?:not)? be undone)/.exec(section)!;
  const [, name, does, undo] = example;
  const entry = [...knowledge, ...bots.flatMap((bot) => bot.knowledge ?? [])].find(
    (each) => each.name === name,
  );
  const step = (parse(entry!.solution) as { steps: { remedy: string }[] }).steps[0]!;
  const remedy = remedies.find((each) => each.name === step.remedy)!;
  expect({ does, undo }).toEqual({
    does: remedy.title,
    undo: 'undo' in remedy ? 'can be undone' : 'cannot be undone',
  });
});

test('each action has its row, in the words of the help', () => {
  for (const { key, words } of actions) {
    expect(section).toContain(`| \`${key}\` | ${words} |`);
    expect(helpLines()).toContain(`${key}  ${words}`);
  }
});
