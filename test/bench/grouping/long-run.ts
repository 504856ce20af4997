/** Many rows with few groups and a long tail of messages that come once: what they cost, and that memory stays flat. */
import { createMiner } from '../../../src/grouping/miner.ts';
import { Chance } from '../../../src/demo/chance.ts';
import { linesPerSecond, startTimes } from './cpu.ts';

const types = 40;
/** one message of so many comes once */
const tail = 50;

export interface LongRun {
  rows: number;
  groups: number;
  /** how many of the groups have an id of their own at the end */
  found: number;
  linesPerSecond: number;
  /** of the heap after a tenth of the rows, and at the end */
  earlyMiB: number;
  lateMiB: number;
  templates: number;
  flooded: number;
}

export function runLong(rows: number, groups: number): LongRun {
  const chance = new Chance(7);
  const words = Array.from({ length: 3_000 }, () => word(chance));
  const forms = Array.from({ length: groups }, (_, at) => ({
    scope: `Type${at % types}`,
    words: Array.from({ length: chance.between(4, 9) }, () => chance.pick(words)),
  }));
  let lastId = 0;
  let flooded = 0;
  const floods = new Set<string>();
  const miner = createMiner([], () => String(++lastId));
  const ids = new Map<number, string>();
  const message = (form: (typeof forms)[number], row: number) =>
    `${form.words.join(' ')} ${row} in ${chance.between(1, 999)} ms`;
  const times = startTimes();
  let earlyMiB = 0;
  for (let row = 0; row < rows; row++) {
    const at = row < groups ? row : chance.between(0, groups - 1);
    if (row >= groups && row % tail === 0) {
      const once = Array.from({ length: 8 }, () => chance.pick(words)).join(' ');
      if (floods.has(miner.add(`Type${chance.between(0, types - 1)}`, once))) flooded++;
    } else ids.set(at, miner.add(forms[at]!.scope, message(forms[at]!, row)));
    // As the job does after each batch.
    if (row % 5_000 === 0)
      for (const { id, flood } of miner.changes().opened) if (flood) floods.add(id);
    if (row === Math.floor(rows / 10)) earlyMiB = heapMiB();
  }
  const ends = [...ids.values()].map((id) => miner.canonical(id));
  return {
    rows,
    groups,
    found: new Set(ends.filter((id) => !floods.has(id))).size,
    linesPerSecond: linesPerSecond(rows, times).cpu,
    earlyMiB,
    lateMiB: heapMiB(),
    templates: lastId,
    flooded,
  };
}

const word = (chance: Chance): string =>
  Array.from({ length: chance.between(3, 9) }, () =>
    String.fromCharCode(97 + chance.between(0, 25)),
  ).join('');

function heapMiB(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
