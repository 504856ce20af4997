import { historyOf, type History, type Rule, type Scenario } from './histories.ts';
import { wronglyAuto } from './scenarios.ts';

const share = (all: History[], of: (history: History) => boolean) =>
  `${((100 * all.filter(of).length) / all.length).toFixed(1)} %`;
const mean = (all: History[], of: (history: History) => number) =>
  all.reduce((total, each) => total + of(each), 0) / all.length;

function median(values: (number | null)[]): string {
  const sorted = values.map((value) => value ?? Infinity).toSorted((a, b) => a - b);
  const middle = sorted[sorted.length >> 1] ?? Infinity;
  return middle === Infinity ? '–' : String(middle);
}

const columns: [string, (all: History[]) => string][] = [
  ['wrongly auto', (all) => share(all, ({ wronglyAuto }) => wronglyAuto !== null)],
  ['earned after outcomes', (all) => median(all.map(({ earned }) => earned?.outcomes ?? null))],
  ['faults', (all) => median(all.map(({ earned }) => earned?.faults ?? null))],
  ['auto, of 100 faults', (all) => `${(100 * mean(all, ({ auto100 }) => auto100)).toFixed(1)} %`],
  ['of all', (all) => `${(100 * mean(all, ({ auto }) => auto)).toFixed(1)} %`],
  ['lost within 100', (all) => share(all, ({ lost }) => lost !== null && lost <= 100)],
  ['ever', (all) => share(all, ({ lost }) => lost !== null)],
  ['wrong alone before', (all) => mean(all, ({ alone }) => alone.before).toFixed(1)],
  [
    'held/wrong alone',
    (all) =>
      `${mean(all, ({ alone }) => alone.held).toFixed(1)} / ${mean(all, ({ alone }) => alone.wrong).toFixed(1)}`,
  ],
  [
    'approved',
    (all) =>
      `${mean(all, ({ approved }) => approved.held).toFixed(1)} / ${mean(all, ({ approved }) => approved.wrong).toFixed(1)}`,
  ],
  ['in shadow', (all) => `${(100 * mean(all, ({ shadow }) => shadow)).toFixed(1)} %`],
];

const row = (cells: string[]) => `| ${cells.join(' | ')} |`;

export function tableOf(scenario: Scenario, rules: readonly Rule[], histories: number): string {
  return [
    row([scenario.name, ...columns.map(([name]) => name)]),
    row(['---', ...columns.map(() => '---:')]),
    ...rules.map((rule) => {
      const all = Array.from({ length: histories }, (_, seed) =>
        historyOf(rule, scenario, seed + 1, wronglyAuto(scenario)),
      );
      return row([rule.name, ...columns.map(([, of]) => of(all))]);
    }),
  ].join('\n');
}
