/** The names of columns that completion offers are those of the lists themselves: a new list needs its line in src/cli/completion/columns.ts. */
import { expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { kindOf } from '../../src/cli/arguments/show-options.ts';
import { columnsOf } from '../../src/cli/completion/columns.ts';
import { suggest } from '../../src/cli/completion/suggest.ts';
import { leavesOf, nameOf } from '../docs/cli-page.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertKnowledge } from './known.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const ticket = await insertTicket(db, await insertBot(db, 'watch'), 'broken');
await insertKnowledge(db, 'sweep');

/** What commands need that are not content with their names. */
const needed: Record<string, string[]> = {
  'jobs history': ['tidy'],
  'knowledge history': ['sweep'],
  'tickets history': [ticket],
};

const lists = leavesOf(wholeProgram()).filter((command) => kindOf(command)?.kind === 'rows');

test.each(lists.map((command) => [nameOf(command)]))('of %s', async (name) => {
  const { out, err } = await roundsman(
    url,
    ...name.split(' '),
    ...(needed[name] ?? []),
    '-o',
    'tsv',
  );
  expect([name, out.split('\n')[0]!.split('\t'), err]).toEqual([
    name,
    columnsOf(name),
    expect.anything(),
  ]);
});

test('are offered for --columns, each once, and for --sort in both directions', async () => {
  const none = () => Promise.resolve([]);
  const offered = async (...words: string[]) => {
    const found = await suggest(wholeProgram(), words, none);
    return found === 'files' ? found : found.map(({ name }) => name);
  };
  expect(await offered('limits', '--columns', '')).toEqual(['name', 'value', 'usual', 'meaning']);
  expect(await offered('limits', '--columns', 'value,u')).toEqual(['value,usual']);
  expect(await offered('limits', '--columns', 'name,n')).toEqual([]);
  expect(await offered('limits', '--columns=me')).toEqual(['--columns=meaning']);
  expect(await offered('bots', 'list', '--sort', 'last')).toEqual(['last_run', 'last_status']);
  expect(await offered('bots', 'list', '--sort', '-n')).toEqual(['-name', '-next_execution_at']);
  expect(await offered('tickets', 'show', '--columns', '')).toEqual([]);
});
