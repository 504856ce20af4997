/** Why a round healed nothing, or not all: what people read, and what the document says. */
import { expect, test } from 'vitest';
import { printRound } from '../../../src/cli/round/summary.ts';
import { whyNotHealed } from '../../../src/services/round/not-healed.ts';
import { readRound, type Round } from '../../../src/services/round/read.ts';
import { entry, playbook } from '../../support/builders.ts';
import { set } from '../../support/runs.ts';
import { simulatedPlatform, type Cure } from '../../heal/simulated-platform.ts';

type Platform = Awaited<ReturnType<typeof simulatedPlatform>>;

const works: Cure = { name: 'disk.clean' };
const fails: Cure = { name: 'disk.clean', works: false };

async function roundOf({ round, db, engine }: Platform): Promise<Round> {
  await round();
  const { id } = await db
    .selectFrom('bot_executions')
    .select('id')
    .orderBy('started_at', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  const read = await readRound(db, [id]);
  const held_back = await whyNotHealed(
    { db, catalogue: engine.catalogue },
    read.findings,
    new Date(),
  );
  return { ...read, held_back };
}

function printed(round: Round): string {
  const lines: string[] = [];
  const { write } = process.stdout;
  process.stdout.write = (text) => lines.push(String(text)) > 0;
  try {
    printRound(round, []);
  } finally {
    process.stdout.write = write;
  }
  return lines.join('');
}

test('what a cooldown stopped is named with its gate, its opening and the command', async () => {
  const platform = await simulatedPlatform([entry('clean', playbook('disk.clean'))], [fails]);
  await platform.round();
  const round = await roundOf(platform);
  expect(round.actions).toEqual([]);
  expect(round.held_back).toMatchObject([
    {
      knowledge: 'clean',
      prospect: 'closed',
      gate: 'cooldown',
      waits_for: 'time',
      opens_at: expect.any(Date),
      try: 'npx roundsman bots run watch',
    },
  ]);
  const text = printed(round);
  expect(text).toContain('Nothing was healed.');
  expect(text).toMatch(
    /Known, and not healed: 1 problem\n.*disk.*\n +clean: gate cooldown: it was tried .* it opens at 20.* UTC, in \dm; after that `npx roundsman bots run watch` asks again/,
  );
});

test.each<[string, (platform: Platform) => unknown, RegExp]>([
  [
    'mode',
    ({ db }) => set(db, 'mode', 'off'),
    /clean: gate kill_switch: .*`npx roundsman mode safe`/,
  ],
  [
    'storm',
    ({ broken }) => ['a', 'b', 'c', 'd', 'e'].map((name) => broken.add(name)),
    /clean: gate storm: 6 components of its bot are broken, for which T-1 stands: .*when fewer are broken/,
  ],
])('the same of %s', async (_, close, words) => {
  const platform = await simulatedPlatform([entry('clean', playbook('disk.clean'))], [works]);
  await close(platform);
  expect(printed(await roundOf(platform))).toMatch(words);
});

test('where nothing fits it says that, and where nothing was wrong it says that', async () => {
  const platform = await simulatedPlatform([], []);
  const round = await roundOf(platform);
  expect(round.held_back).toMatchObject([{ knowledge: null, gate: null, try: null }]);
  expect(printed(round)).toContain('Nothing that is known fits what is open.');
  platform.broken.clear();
  const text = printed(await roundOf(platform));
  expect(text).toContain('Nothing had to be healed.');
  expect(text).not.toContain('not healed');
});

test('advice is no gate, and what was healed is not told as held back', async () => {
  const advised = await simulatedPlatform(
    [entry('advice', 'Buy a bigger one.', { autonomy: 'suggest' })],
    [],
  );
  expect(printed(await roundOf(advised))).not.toContain('not healed');
  const healed = await simulatedPlatform([entry('clean', playbook('disk.clean'))], [works]);
  const text = printed(await roundOf(healed));
  expect(text).toContain('Heals: 1 verified');
  expect(text).not.toContain('not healed');
});
