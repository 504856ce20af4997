/** Prints the figures of a chaos run, and decides whether they are good. */
import { kindsOf, type Backend } from './plan.ts';
import type { MadeFault } from './make-faults.ts';

/** The recovery times that the project promises, in seconds. */
const goal = { p99: 10, max: 15 };
const minFaultsPerMinute = 30;
const maxShown = 15;

export interface Findings {
  backend: Backend;
  minutes: number;
  made: MadeFault[];
  statuses: Record<string, number>;
  ordinary: Record<string, number>;
  slots: { expected: number; lost: string[]; doubled: string[] };
  attemptedTwice: number;
  /** milliseconds */
  recovery: number[];
  queueRecovery: number[];
  violations: string[];
}

const say = (line: string) => console.log(line);

/** Prints the report; returns whether all promises were kept. */
export function report(findings: Findings): boolean {
  const { backend, minutes, made, slots, violations } = findings;
  const happened = made.filter(({ missed }) => missed === null);
  const counts = kindsOf(backend).map((kind) => ({
    kind,
    count: happened.filter((each) => each.kind === kind).length,
  }));
  const aMinute = happened.length / minutes;
  const shortfalls = [
    ...counts
      .filter(({ count }) => count === 0)
      .map(({ kind }) => `this kind of fault did not happen: ${kind}: ${whyMissed(made, kind)}`),
    // Without any measured recovery, the figures prove nothing.
    ...(findings.recovery.length === 0 && happened.some(({ kind }) => kind === 'kill worker')
      ? ['workers were killed, but no run had to recover']
      : []),
    ...(aMinute < minFaultsPerMinute ? [`faults a minute: ${aMinute.toFixed(1)}`] : []),
  ];

  say(`runs               ${listCounts(findings.statuses)}`);
  say(`  of sound bots    ${listCounts(findings.ordinary)}`);
  say(`faults             ${happened.length} (${aMinute.toFixed(1)} a minute)`);
  for (const { kind, count } of counts) say(`  ${kind.padEnd(20)} ${count}`);
  say(`slots              ${slots.expected}`);
  say(`lost               ${slots.lost.length}`);
  say(`doubled            ${slots.doubled.length}`);
  say(`attempted twice    ${findings.attemptedTwice}`);
  say(`recovery           ${quantiles(findings.recovery, goal)}`);
  if (backend === 'redis') say(`  of lost entries  ${quantiles(findings.queueRecovery)}`);
  const all = [
    ...slots.lost.map((slot) => `lost: ${slot}`),
    ...slots.doubled.map((slot) => `doubled: ${slot}`),
    ...violations,
    ...shortfalls,
  ];
  say(`violations         ${all.length}`);
  for (const line of all.slice(0, maxShown)) say(`  ${line}`);
  if (all.length > maxShown) say(`  ... and ${all.length - maxShown} more`);
  return all.length === 0;
}

const whyMissed = (made: MadeFault[], kind: string) =>
  made.findLast((each) => each.kind === kind)?.missed ?? 'it was not planned';

const listCounts = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'none';

function quantiles(values: number[], wanted?: typeof goal): string {
  if (values.length === 0) return 'nothing had to recover';
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]! / 1000;
  const figures = { p50: at(0.5), p99: at(0.99), max: at(1) };
  const missed =
    wanted && (figures.p99 > wanted.p99 || figures.max > wanted.max)
      ? `  MISSED (goal: p99 ${wanted.p99} s, max ${wanted.max} s)`
      : '';
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(2)} s`);
  return `${values.length} times: ${text.join(', ')}${missed}`;
}
