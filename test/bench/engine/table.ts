import { isSmall } from '../size.ts';

/** One line of the table for each thing that is measured. */

export interface Line {
  what: string;
  ours: string;
  peer: string;
  /** how many times better than the peer; null where there is none */
  ratio: number | null;
  goal: string;
  met: boolean;
  /** where the time goes, for a goal that is missed, or what belongs to the figure */
  note?: string;
}

export const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

export const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;

export const ms = (value: number): string =>
  value < 10
    ? `${value.toFixed(2)} ms`
    : value < 10_000
      ? `${value.toFixed(0)} ms`
      : `${(value / 1000).toFixed(1)} s`;

const heading = `| what | ours | peer | ratio | goal | |
|---|---|---|---|---|---|`;

export function printTable(lines: Line[]): void {
  console.log(heading);
  for (const { what, ours, peer, ratio, goal, met } of lines)
    console.log(
      `| ${what} | ${ours} | ${peer} | ${ratio === null ? '' : `${ratio.toFixed(2)} x`} | ${goal} | ${isSmall ? 'not judged' : met ? 'met' : 'MISSED'} |`,
    );
  for (const { what, note } of lines) if (note) console.log(`\n${what}: ${note}`);
}
