/**
 * `node --expose-gc test/bench/matching.ts`: what it costs to tell which of 10,000 knowledge entries know a finding,
 * beside a loop over the same patterns, compiled beforehand, in the same process. No text is asked twice:
 * a loop over an automaton that remembers texts looks thousands of times faster than it is. Wall figures
 * are noise on a shared machine; the ratio of medians is what counts.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RE2JS } from 're2js';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { tryPatterns } from '../../src/heal/patterns/try-patterns.ts';
import { buildIndex, type KnowledgeIndex } from '../../src/heal/patterns/knowledge-index.ts';
import { match } from '../../src/heal/match.ts';
import type { OpenFinding } from '../../src/heal/finding/open-finding.ts';
import { median, ms, printTable, quantile } from './engine/table.ts';
import { sized } from './size.ts';

const entries = Number(process.env.BENCH_ENTRIES ?? sized(10_000, 200));
const texts = Number(process.env.BENCH_TEXTS ?? sized(1_000, 50));
/** the loop takes a thousand times longer */
const looped = Number(process.env.BENCH_LOOPED ?? sized(15, 2));

const patterns: ((n: number) => string)[] = [
  (n) => `connection to (?:db|cache|queue)-${n} (?:refused|reset|timed out)`,
  (n) => `error [45]\\d\\d on /api/v\\d+/resource-${n}\\b`,
  (n) => `disk .*/dev/sd${n} is (?:9\\d|100) ?% full`,
  (n) => `(?:timeout|timed out) after \\d+ ?ms .*shard-${n}$`,
  (n) => `user_${n}.*balance|balance.*user_${n}`,
  (n) => `certificate of [a-z.-]*host${n}\\.example\\.(?:com|org) expires`,
  (n) => `^job ${n} (?:failed|stuck)( for \\d+ (?:min|h))?`,
  (n) => `replica lag of cluster-${n}: \\d+ s`,
];
const titles: ((n: number, at: number) => string)[] = [
  (n, at) => `Connection to db-${n} refused ${at} times`,
  (n, at) => `Error 503 on /api/v2/resource-${n} (${at} requests)`,
  (n, at) => `Disk of node ${at}: /dev/sd${n} is 97 % full`,
  (n, at) => `Timed out after ${at} ms on shard-${n}`,
  (n, at) => `user_${n} has a balance that is ${at} off`,
  (n, at) => `Certificate of www.host${n}.example.com expires in ${at} h`,
  (n, at) => `Job ${n} failed for ${at} min`,
  (n, at) => `Replica lag of cluster-${n}: ${at} s`,
];

const patternOf = (at: number): string => patterns[at % patterns.length]!(at);

/** Every third finding is known to no entry. */
function findingOf(at: number): OpenFinding {
  const about = (at * 7_919) % entries;
  const n = at % 3 === 0 ? about + entries * 2 : about;
  return {
    title: titles[about % titles.length]!(n, at),
    description: `Seen by run ${at} since 04:${at % 60}; the median of the last 20 requests was ${at * 3} ms, the limit is 500 ms. Connection, disk and user were looked at.`,
    affected_component: `/component/${at}`,
  } as OpenFinding;
}

const textOf = ({ title, description, affected_component }: OpenFinding): string =>
  [title, description, affected_component].join('\n');

async function timed<Result>(work: () => Result | Promise<Result>): Promise<[number, Result]> {
  const began = performance.now();
  const result = await work();
  return [performance.now() - began, result];
}

function build(): KnowledgeIndex {
  const rows = Array.from({ length: entries }, (_, at) => ({
    id: String(at),
    issue_pattern: patternOf(at),
  }));
  const building = buildIndex(rows);
  for (;;) {
    const { done, value } = building.next();
    if (done) return value;
  }
}

const heap = (): number => {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

async function inMemory() {
  const before = heap();
  const [buildMs, index] = await timed(build);
  const bytes = heap() - before;
  const found: number[][] = [];
  const times: number[] = [];
  for (let at = 0; at < texts; at++) {
    const text = textOf(findingOf(at));
    const [took, result] = await timed(() => tryPatterns(index, text));
    times.push(took);
    found.push(result.matching.map(({ id }) => Number(id)).toSorted((a, b) => a - b));
  }
  return { times, found, buildMs, bytes, searchBytes: index.bytes };
}

/** Compiled beforehand, in some part of the texts; compares what was found. */
async function loopOver(found: number[][]) {
  const re2 = Array.from({ length: entries }, (_, at) =>
    RE2JS.compile(patternOf(at), RE2JS.CASE_INSENSITIVE),
  );
  const v8 = Array.from({ length: entries }, (_, at) => new RegExp(patternOf(at), 'iu'));
  const loops = { re2: [] as number[], v8: [] as number[], differing: 0 };
  for (let at = 0; at < looped; at++) {
    const text = textOf(findingOf(at));
    const [took, hits] = await timed(() =>
      re2.flatMap((regex, one) => (regex.matcher(text).find() ? [one] : [])),
    );
    loops.re2.push(took);
    loops.v8.push((await timed(() => v8.filter((regex) => regex.test(text)).length))[0]);
    if (hits.join() !== found[at]!.join()) loops.differing += 1;
  }
  return loops;
}

async function plant(db: Db): Promise<void> {
  const rows = Array.from({ length: entries }, (_, at) => ({
    name: `bench.${at}`,
    category: 'bench',
    issue_pattern: patternOf(at),
    solution: 'Look at it: '.repeat(30),
  }));
  for (let at = 0; at < rows.length; at += 2_000)
    await db
      .insertInto('bot_knowledge')
      .values(rows.slice(at, at + 2_000))
      .execute();
}

async function withDatabase() {
  const server = await startThrowaway(await mkdtemp(join(tmpdir(), 'roundsman-bench-')), {
    fsync: false,
  });
  const db = connect(server.url, { max: 2, statementTimeoutMs: 0 });
  try {
    await migrateToLatest(db);
    await plant(db);
    const catalogue = catalogueOf([], []);
    const [first] = await timed(() => match(db, catalogue, findingOf(texts)));
    const times: number[] = [];
    for (let at = 1; at <= sized(200, 5); at++)
      times.push((await timed(() => match(db, catalogue, findingOf(texts + at))))[0]);
    return { first, times };
  } finally {
    await db.destroy();
    await server.stop();
  }
}

const { times, found, buildMs, bytes, searchBytes } = await inMemory();
const loops = await loopOver(found);
const whole = await withDatabase();
const p50 = median(times);
const p95 = quantile(times, 0.95);
const ratio = median(loops.re2) / p50;
const mib = (size: number) => `${(size / 2 ** 20).toFixed(0)} MiB`;
printTable([
  {
    what: `one finding against ${entries} entries, p50`,
    ours: ms(p50),
    peer: `${ms(median(loops.re2))} re2js loop, ${ms(median(loops.v8))} V8 loop`,
    ratio,
    goal: 'at least 500 x the loop that finds the same',
    met: ratio >= 500 && loops.differing === 0,
    note: `${loops.differing} of ${looped} texts found otherwise; ${found.filter((one) => one.length > 0).length} of ${texts} texts are known to an entry`,
  },
  {
    what: 'the same, p95',
    ours: ms(p95),
    peer: ms(quantile(loops.re2, 0.95)),
    ratio: quantile(loops.re2, 0.95) / p95,
    goal: '5 ms',
    met: p95 <= 5,
  },
  {
    what: 'the same with a look whether the table has changed, p95',
    ours: `${ms(quantile(whole.times, 0.95))} (p50 ${ms(median(whole.times))})`,
    peer: `${ms(whole.first)} the first time`,
    ratio: null,
    goal: '5 ms',
    met: quantile(whole.times, 0.95) <= 5,
    note: 'the look reads the whole table; so does the first time, which also builds the index.',
  },
  {
    what: 'index',
    ours: `${ms(buildMs)} to build, ${mib(bytes)}`,
    peer: `${mib(searchBytes)} of it to search`,
    ratio: null,
    goal: 'none',
    met: true,
  },
]);
