/** Completion in real shells: what is offered, and that no name runs as code. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { kindOfArgument } from '../../src/cli/completion/kinds.ts';
import { leavesOf, nameOf } from '../docs/cli-page.ts';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, keys, runInTerminal, type Typed } from '../support/terminal.ts';
import { roundsman, start } from './command.ts';
import { insertKnowledge } from './known.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'roundsman-completion-'));
afterAll(() => rmSync(folder, { recursive: true }));
const trap = join(folder, 'ran');
const log = join(folder, 'log');

/** Names that a shell would run where it took them for its own words. */
const hostile = [
  `a$(touch ${trap})`,
  `b\`touch ${trap}\``,
  `c;touch ${trap};`,
  `d'$(touch ${trap})'`,
  `e" $(touch ${trap}) "`,
  `f\\$(touch ${trap})`,
  `g:(touch ${trap})`,
  `h|touch ${trap}|`,
  `i<(touch ${trap})`,
  `j!!{x,touch}*~`,
];

beforeAll(async () => {
  const watch = await insertBot(db, 'watch');
  await insertBot(db, 'wait');
  await insertTicket(db, watch, `It is $(touch ${trap}) broken`);
  for (const [at, component] of hostile.entries())
    await insertFinding(db, watch, `$(touch ${trap})`, {
      affected_component: component,
      fingerprint: `f${at}`,
    });
  await insertFinding(db, watch, 'colours', {
    affected_component: '\u001B[31mred',
    fingerprint: 'c',
  });
  await insertKnowledge(db, 'sweep');
  // What is completed is the real program; what is entered is only written down.
  const program = join(folder, 'roundsman');
  const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
  writeFileSync(
    program,
    `#!/bin/sh
if [ "$1" = completion ]; then
  # Where the machine is busy, the database does not answer at once: a person presses Tab again.
  for try in 1 2 3 4 5 6 7 8; do
    out=$('${process.execPath}' '${bin}' "$@")
    [ -n "$out" ] && break
  done
  [ -n "$out" ] && printf '%s\\n' "$out"
  exit
fi
printf '[%s]' "$@" >> '${log}'
echo "entered $#"
`,
  );
  chmodSync(program, 0o755);
});

const offered = async (...words: string[]) => {
  const { code, out, err } = await start(url, ['completion', 'bash', '--', ...words]).ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out === ''
    ? []
    : out
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0]);
};

/** The names that are offered, once the database answers in time. */
const names = (...words: string[]) =>
  expect.poll(() => offered(...words), { timeout: 60_000, interval: 10 });

describe('offered are', { timeout: 120_000 }, () => {
  test('commands, options and choices', async () => {
    expect(await offered('tic')).toEqual(['tickets']);
    expect(await offered('tickets', 're')).toEqual(
      expect.arrayContaining(['resolve', 'reject', 'reopen', 'related']),
    );
    expect(await offered('bots', 'list', '--out')).toEqual(['--output']);
    expect(await offered('bots', 'list', '-o', 'j')).toEqual(['json', 'jsonl']);
    expect(await offered('bots', 'list', '--output=y')).toEqual(['--output=yaml']);
    expect(await offered('tickets', 'list', '--severity', 'critical,h')).toEqual(['critical,high']);
    expect(await offered('tickets', 'list', '--status=op')).toEqual(['--status=open']);
    expect(await offered('mode', '')).toEqual(['off', 'safe', 'auto']);
    expect(await offered('completion', 'f')).toEqual(['fish']);
  });

  test('of a group, the options of the command that is meant without a word', async () => {
    expect(await offered('db', 'backup', '--to')).toEqual(['--to-folder', '--to-command']);
    expect(await offered('db', 'backup', '--to-folder', '')).toEqual(['files']);
    expect(await offered('db', 'backup', '--no-proof', '--to-folder=')).toEqual(['files']);
    expect(await offered('db', 'backup', '')).toEqual(['make', 'verify']);
    expect(await offered('db', 'backup', 'verify', '--id')).toEqual(['--identity']);
  });

  test('what a setting takes beside figures', async () => {
    expect(await offered('settings', 'api_logs_keep_days', '')).toEqual(['keep']);
    expect(await offered('settings', '--as', 'ann', 'maintenance_hours', 'o')).toEqual(['off']);
    expect(await offered('settings', 'backup_folder', '/v')).toEqual(['files']);
    expect(await offered('settings', 'backup_keep_days', '')).toEqual([]);
    expect(await offered('settings', 'api_logs_keep_days', 'keep', '')).toEqual([]);
  });

  test('names and ids from the database, tickets with their titles', async () => {
    await names('bots', 'show', 'wa').toEqual(['wait', 'watch']);
    await names('knowledge', 'edit', 's').toEqual(['sweep']);
    await names('sources', 'show', '').toEqual([]);
    await names('runs', 'list', '--bot', 'wat').toEqual(['watch']);
    await names('tickets', 'merge', 'T-1', '--into', 'T').toEqual(['T-1']);
    await names('tickets', 'merge', 'T-9', 't-1').toEqual(['T-1']);
    await expect
      .poll(
        async () =>
          (await start(url, ['completion', 'zsh', '--', 'tickets', 'show', '']).ended).out,
        { timeout: 60_000, interval: 10 },
      )
      .toMatch(/^T-1	It is \$\(touch /);
    await names('findings', 'show', '').toHaveLength(hostile.length + 1);
  });

  test('files where files belong, and nothing where a new name or a text does', async () => {
    expect(await offered('policy', 'set', '')).toEqual(['files']);
    expect(await offered('tickets', 'resolve', 'T-1', '--notes-file', '')).toEqual(['files']);
    expect(await offered('bots', 'add', 'wa')).toEqual([]);
    expect(await offered('tickets', 'comment', 'T-1', 'wa')).toEqual([]);
    expect(await offered('bots', 'list', '--limit', '')).toEqual([]);
    expect(await offered('bots', 'show', '--', '-')).toEqual([]);
  });

  test('of several names those that are typed already are not offered again', async () => {
    expect(await offered('tickets', 'show', 'T-1', 'T-1')).not.toContain('T-1');
    expect(await offered('tickets', 'show', 'T-2', 'T-1')).toContain('T-1');
  });

  test('no names that a terminal would obey', async () => {
    await names('tickets', 'list', '--component', '').toEqual(hostile);
  });
});

test('each argument of a command is known: a name, a file, or a text of a person', () => {
  const free = leavesOf(wholeProgram()).flatMap((command) =>
    command.registeredArguments
      .filter(({ argChoices }) => !argChoices)
      .filter((argument) => kindOfArgument(nameOf(command), argument.name()) === 'free')
      .map((argument) => `${nameOf(command)} ${argument.name()}`),
  );
  expect(free.toSorted()).toEqual(
    [
      'bots add name',
      'bots new name',
      'bots rename new-name',
      'completion words',
      'db shell arguments',
      'knowledge add name',
      'knowledge rename new-name',
      'knowledge test pattern',
      'limits history name',
      'limits name',
      'limits revert name',
      'limits value',
      'policy show version',
      'secrets set name',
      'settings history name',
      'settings revert name',
      'settings value',
      'sources add name',
      'tickets bulk comment text',
    ].toSorted(),
  );
});

test('a database that does not answer is not waited for, and nothing is said of it', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as AddressInfo;
  for (const address of [`postgres://a:b@127.0.0.1:${port}/c`, 'postgres://a:b@127.0.0.1:1/c']) {
    const began = performance.now();
    const ended = await start(address, ['completion', 'bash', '--', 'bots', 'show', '']).ended;
    expect(ended).toMatchObject({ code: 0, out: '', err: '' });
    // Node's own start included, on a machine that may be busy; the driver alone would wait for 10 s.
    expect(performance.now() - began).toBeLessThan(9_500);
  }
  silent.close();
});

test('the embedded database is not started for it', async () => {
  const home = join(folder, 'home');
  const ended = await start(undefined, ['completion', 'bash', '--', 'bots', 'show', ''], {
    ROUNDSMAN_HOME: home,
  }).ended;
  expect(ended).toMatchObject({ code: 0, out: '', err: '' });
  expect(existsSync(home)).toBe(false);
});

const env = {
  PATH: `${folder}:${process.env.PATH}`,
  PS1: 'ready> ',
  PROMPT: 'ready> ',
  HOME: folder,
};
const entered = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
const tab = '\t';

/** Types into a shell, and what it entered. */
async function typed(command: string, lines: Typed) {
  rmSync(log, { force: true });
  const shown = await runInTerminal(command, url, [...lines, ['ready> ', keys.end]], env);
  expect(existsSync(trap), shown.shown).toBe(false);
  return { ...shown, entered: entered() };
}

const shellsThere = { bash: true, zsh: false, fish: false };
for (const shell of ['zsh', 'fish'] as const)
  shellsThere[shell] = spawnSync(shell, ['--version']).status === 0;

describe.skipIf(!hasTerminal)('bash', () => {
  const begin: Typed = [
    ['ready> ', `source <(roundsman completion bash)${keys.enter}`],
    ['ready> ', `set -u; bind 'set bell-style none'${keys.enter}`],
  ];
  const bash = 'stty cols 120 rows 40; exec bash --norc --noprofile -i';

  test('completes names and ids', async () => {
    const { entered, asked } = await typed(bash, [
      ...begin,
      ['ready> ', `roundsman bots show wat${tab}`],
      ['watch ', `--out${tab}`],
      ['--output ', `yaml${keys.enter}`],
      ['entered', ''],
    ]);
    expect({ entered, asked }).toEqual({
      entered: '[bots][show][watch][--output][yaml]',
      asked: true,
    });
  }, 60_000);

  test.each(hostile)(
    '%s is a word, and nothing that runs',
    async (name) => {
      const { entered } = await typed(bash, [
        ...begin,
        ['ready> ', `roundsman tickets list --component ${name[0]}${tab}`],
        ['touch', keys.enter],
        ['entered', ''],
      ]);
      expect(entered).toBe(`[tickets][list][--component][${name}]`);
    },
    60_000,
  );

  test('cycling through what is offered puts no title on the line', async () => {
    const { entered } = await typed(bash, [
      ...begin,
      ['ready> ', `bind 'TAB:menu-complete'${keys.enter}`],
      ['ready> ', `roundsman tickets show ${tab}${tab}${keys.enter}`],
      ['entered', ''],
    ]);
    expect(entered).toBe('[tickets][show][T-1]');
  }, 60_000);
});

describe.skipIf(!hasTerminal || !shellsThere.zsh)('zsh', () => {
  const begin: Typed = [
    ['ready> ', `autoload -U compinit; compinit -u -D; unsetopt BEEP${keys.enter}`],
    ['ready> ', `source <(roundsman completion zsh)${keys.enter}`],
  ];
  const zsh = 'stty cols 120 rows 40; exec zsh -f -i';

  test('completes names and ids', async () => {
    const { entered } = await typed(zsh, [
      ...begin,
      ['ready> ', `roundsman bots show wat${tab}`],
      ['watch', `--out${tab}`],
      ['--output', `yaml${keys.enter}`],
      ['entered', ''],
    ]);
    expect(entered).toBe('[bots][show][watch][--output][yaml]');
  }, 60_000);

  test.each(hostile)(
    '%s is a word, and nothing that runs',
    async (name) => {
      const { entered } = await typed(zsh, [
        ...begin,
        ['ready> ', `roundsman tickets list --component ${name[0]}${tab}`],
        ['touch', keys.enter],
        ['entered', ''],
      ]);
      expect(entered).toBe(`[tickets][list][--component][${name}]`);
    },
    60_000,
  );
});

describe.skipIf(!shellsThere.fish)('fish', () => {
  const fish = (line: string) =>
    spawnSync(
      'fish',
      [
        '--no-config',
        '-c',
        `roundsman completion fish | source; complete -C ${JSON.stringify(line).replaceAll('$', String.raw`\$`)}`,
      ],
      {
        encoding: 'utf8',
        env: { ...env, DATABASE_URL: url, REDIS_URL: '', TZ: 'UTC' },
      },
    );

  test('completes names and ids, with their titles', () => {
    expect(fish('roundsman bots show wat').stdout).toMatch(/^watch\t/);
    expect(fish('roundsman tickets show T').stdout).toMatch(/^T-1\tIt is /);
    expect(fish('roundsman tickets list --sev').stdout).toMatch(/^--severity\t/);
  }, 60_000);

  test('hostile names are words', () => {
    const { stdout } = fish('roundsman tickets list --component ');
    expect(stdout.trimEnd().split('\n')).toHaveLength(hostile.length);
    expect(existsSync(trap)).toBe(false);
  }, 60_000);
});

test('the script of each shell is one that it can read', () => {
  for (const shell of [
    'bash',
    ...(shellsThere.zsh ? ['zsh'] : []),
    ...(shellsThere.fish ? ['fish'] : []),
  ]) {
    const script = spawnSync(
      process.execPath,
      [fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url)), 'completion', shell],
      { encoding: 'utf8' },
    );
    const file = join(folder, `script.${shell}`);
    writeFileSync(file, script.stdout);
    const read = spawnSync(shell, [shell === 'fish' ? '--no-execute' : '-n', file], {
      encoding: 'utf8',
    });
    expect({ shell, status: read.status, err: read.stderr }).toEqual({ shell, status: 0, err: '' });
  }
});

test('an unknown shell is refused with those that are known', async () => {
  const { code, err } = await roundsman(url, 'completion', 'zhs');
  expect(code).toBe(2);
  expect(err).toContain('did you mean zsh?');
});
