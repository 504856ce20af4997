/**
 * `npm run bench:grouping -- DIR [--json]`: how well messages are put into groups, on labelled logs in loghub's form, and how
 * fast, beside Drain in the same process. DIR holds files *structured.csv. Without DIR: on lines that it makes itself, and a
 * long run with a flat memory. `--json` prints only the rows of the data sets and judges no goal.
 */
import { parseArgs } from 'node:util';
import { createMiner } from '../../src/grouping/miner.ts';
import { linesPerSecond, cpuSeconds, startTimes } from './grouping/cpu.ts';
import { readDataSets, UnusableData, type DataSet } from './grouping/data-sets.ts';
import { createDrain } from './grouping/drain.ts';
import { runLong } from './grouping/long-run.ts';
import { madeSets } from './grouping/made-sets.ts';
import { score, type Score } from './grouping/score.ts';
import { inWords, isSmall, sized } from './size.ts';

const goals = { meanAccuracy: 0.965, leastAccuracy: 0.9, meanFga: 0.92, linesPerSecond: 100_000 };
/** seconds of CPU that each speed is measured for, and before that, for the compiler */
const measured = sized(1, 0.02);
const warming = sized(0.5, 0);

interface Row extends Score {
  dataset: string;
  lines: number;
  perSecond: { cpu: number; wall: number };
  peer: Score & { perSecond: number };
}

interface Grouping {
  add(message: string): string;
  canonical(id: string): string;
}

function ours(): Grouping {
  let lastId = 0;
  const miner = createMiner([], () => String(++lastId));
  return { add: (message) => miner.add('bench', message), canonical: (id) => miner.canonical(id) };
}

const drain = (): Grouping => ({ ...createDrain(), canonical: (id) => id });

function scoreOf(make: () => Grouping, { messages, events }: DataSet): Score {
  const grouping = make();
  const ids = messages.map((message) => grouping.add(message));
  return score(
    ids.map((id) => grouping.canonical(id)),
    events,
  );
}

/** Each pass begins without a template, as on the first day. */
function speedOf(make: () => Grouping, { messages }: DataSet): { cpu: number; wall: number } {
  const pass = () => {
    const grouping = make();
    for (const message of messages) grouping.add(message);
  };
  for (const warm = startTimes(); cpuSeconds(warm) < warming;) pass();
  const times = startTimes();
  let lines = 0;
  do {
    pass();
    lines += messages.length;
  } while (cpuSeconds(times) < measured);
  return linesPerSecond(lines, times);
}

const rowOf = (set: DataSet): Row => ({
  dataset: set.name,
  lines: set.messages.length,
  ...scoreOf(ours, set),
  perSecond: speedOf(ours, set),
  peer: { ...scoreOf(drain, set), perSecond: speedOf(drain, set).cpu },
});

const mean = (values: number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;
const share = (value: number): string => value.toFixed(4);
const rounded = (value: number): string => inWords(Math.round(value));

function printTable(rows: Row[]): void {
  console.log(
    '| set | lines | GA | FGA | lines/s of CPU | by the clock | Drain GA | Drain FGA | lines/s | ratio |\n|---|---|---|---|---|---|---|---|---|---|',
  );
  for (const { dataset, lines, accuracy, fga, perSecond, peer } of rows)
    console.log(
      `| ${dataset} | ${inWords(lines)} | ${share(accuracy)} | ${share(fga)} | ${rounded(perSecond.cpu)} | ${rounded(perSecond.wall)} | ${share(peer.accuracy)} | ${share(peer.fga)} | ${rounded(peer.perSecond)} | ${(perSecond.cpu / peer.perSecond).toFixed(2)} x |`,
    );
}

/** Prints each goal, and answers whether all are met. */
function judge(rows: Row[]): boolean {
  const judged: [what: string, value: number, goal: number][] = [
    ['mean GA', mean(rows.map(({ accuracy }) => accuracy)), goals.meanAccuracy],
    ['least GA', Math.min(...rows.map(({ accuracy }) => accuracy)), goals.leastAccuracy],
    ['mean FGA', mean(rows.map(({ fga }) => fga)), goals.meanFga],
    [
      'least lines/s of CPU',
      Math.min(...rows.map(({ perSecond }) => perSecond.cpu)),
      goals.linesPerSecond,
    ],
  ];
  console.log('\n| goal | reached | at least | |\n|---|---|---|---|');
  for (const [what, value, goal] of judged) {
    const [is, atLeast] = goal > 1 ? [rounded(value), rounded(goal)] : [share(value), String(goal)];
    console.log(
      `| ${what} | ${is} | ${atLeast} | ${isSmall ? 'not judged' : value >= goal ? 'met' : 'MISSED'} |`,
    );
  }
  return isSmall || judged.every(([, value, goal]) => value >= goal);
}

function printLongRun(): boolean {
  const run = runLong(sized(5_000_000, 20_000), sized(400, 40));
  const grown = run.lateMiB - run.earlyMiB;
  // A leak of 16 bytes a row would be more.
  const isFlat = isSmall || grown < 64;
  console.log(
    `\n${inWords(run.rows)} rows of ${run.groups} groups, 2 % of them once: ${run.found} groups found, ${inWords(run.templates)} templates, ${inWords(run.flooded)} rows in floods, ${rounded(run.linesPerSecond)} lines/s of CPU with making the rows; heap ${run.earlyMiB.toFixed(0)} MiB after a tenth, ${run.lateMiB.toFixed(0)} MiB at the end${isFlat ? '' : ' MISSED: not flat'}`,
  );
  return isFlat && run.found === run.groups;
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

function givenArguments() {
  try {
    return parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
  } catch (error) {
    return refuse(`${(error as Error).message}. Usage: npm run bench:grouping -- [DIR] [--json]`);
  }
}

function setsOf(directory: string | undefined): DataSet[] {
  if (directory === undefined) return madeSets(sized(2_000, 300));
  try {
    return readDataSets(directory);
  } catch (error) {
    if (error instanceof UnusableData) return refuse(error.message);
    throw error;
  }
}

const { values, positionals } = givenArguments();
if (positionals.length > 1)
  refuse(
    `One directory at a time, not ${positionals.length}. Usage: npm run bench:grouping -- [DIR] [--json]`,
  );
const rows = setsOf(positionals[0]).map(rowOf);
if (values.json)
  console.log(
    JSON.stringify(
      rows.map(({ dataset, accuracy, fga, perSecond, peer }) => ({
        dataset,
        accuracy,
        fga,
        lines_per_second: Math.round(perSecond.cpu),
        lines_per_second_by_the_clock: Math.round(perSecond.wall),
        ratio_to_drain: perSecond.cpu / peer.perSecond,
      })),
      null,
      2,
    ),
  );
else {
  printTable(rows);
  const isMet = judge(rows);
  const isFlat = positionals.length > 0 || printLongRun();
  process.exitCode = isMet && isFlat ? 0 : 1;
}
