/**
 * `npm run bench:definitions`: how long a plan of 1,000 definitions takes, on as many rows: one that finds no difference, and one in
 * which each tenth differs; and the apply of these. Each is the least of 9 rounds, because the others wait for what else the machine does. The goal is a plan within a second. BENCH_SIZE=small only shows that each part runs.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { connect } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { applyPlan } from '../../src/services/definitions/apply.ts';
import { planOf } from '../../src/services/definitions/plan.ts';
import { ms, printTable, type Line } from './engine/table.ts';
import { inWords, isSmall, sized } from './size.ts';

const goalMs = 1_000;
const half = sized(500, 10);
const rounds = sized(9, 2);

const catalogue = catalogueOf(bots, remedies);
const actor = { name: 'bench', role: 'owner' } as const;

/** Half of the definitions are bots, half are knowledge; of those whose number `differs` names, one field does. */
function filesOf(differs: (n: number) => boolean) {
  const numbers = Array.from({ length: half }, (_, n) => n);
  const head = (kind: string) =>
    `apiVersion: roundsman/v1\nkind: ${kind}\nset: bench\ndefinitions:\n`;
  const aBot = (n: number) => `  bot-${n}:
    schedule: '${n % 60} * * * *'
    endpoint: /api/bots/conductor
    description: The bot number ${n} of this bench # with a comment
    timeout: ${differs(n) ? 90 : 60}s
    config: { max_findings: ${1 + (n % 50)} }
`;
  const anEntry = (n: number) => `  entry.${n}:
    category: bench
    pattern: connection to db-${n} (refused|reset)
    solution: |-
      Restart the pool of database ${n}.
      Then look at its log${differs(n) ? ', and at that of the proxy' : ''}.
`;
  return [
    { place: 'bots.yaml', text: head('bots') + numbers.map(aBot).join('') },
    { place: 'knowledge.yaml', text: head('knowledge') + numbers.map(anEntry).join('') },
  ];
}

const server = await startThrowaway(await mkdtemp(join(tmpdir(), 'roundsman-bench-')), {
  fsync: false,
});
const db = connect(server.url);
try {
  await migrateToLatest(db);
  const timed = async <Value>(work: () => Promise<Value>): Promise<[Value, number]> => {
    const began = performance.now();
    return [await work(), performance.now() - began];
  };
  const plan = (files: ReturnType<typeof filesOf>) => planOf({ db, catalogue }, { files });
  const apply = async (files: ReturnType<typeof filesOf>) => {
    const planned = await plan(files);
    return timed(() => applyPlan({ db, actor, catalogue }, { plan: planned }));
  };
  const none = filesOf(() => false);
  const some = filesOf((n) => n % 10 === 0);
  const [, adding] = await apply(none);
  const [same, tenth]: number[][] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const [unchanged, a] = await timed(() => plan(none));
    const [changed, b] = await timed(() => plan(some));
    if (unchanged.changes.length > 0 || changed.changes.length !== Math.ceil(half / 10) * 2)
      throw new Error('the plans are not what was planted');
    same!.push(a);
    tenth!.push(b);
  }
  const [, changing] = await apply(some);
  const line = (what: string, value: number, goal: number | null): Line => ({
    what,
    ours: ms(value),
    peer: '',
    ratio: null,
    goal: goal === null ? '' : `${inWords(goal)} ms`,
    met: goal === null || value <= goal,
  });
  const lines = [
    line(`plan of ${inWords(2 * half)} definitions, none differs`, Math.min(...same!), goalMs),
    line('plan of them, a tenth differs', Math.min(...tenth!), goalMs),
    line('apply that adds all of them', adding, null),
    line('apply that changes a tenth', changing, null),
  ];
  printTable(lines);
  if (!isSmall && lines.some(({ met }) => !met)) process.exitCode = 1;
} finally {
  await db.destroy();
  await server.stop();
}
