/** What a run of a job has recorded, for a person. */
import { printable } from '../../ground/text.ts';

/** A line for each figure; one of a figure with parts has the name of both, as `tables.api_logs`. */
export function figuresInLines(figures: unknown, above = ''): [label: string, value: string][] {
  if (figures === null || typeof figures !== 'object' || Array.isArray(figures))
    return [[above || 'figures', printable(JSON.stringify(figures))]];
  return Object.entries(figures).flatMap(([name, value]) => {
    const label = printable(above ? `${above}.${name}` : name);
    return typeof value === 'string' ? [[label, printable(value)]] : figuresInLines(value, label);
  });
}

/** In a cell of a table, which is wrapped between words: JSON has none, and would be divided anywhere. */
export const figuresInWords = (figures: unknown): string =>
  figuresInLines(figures)
    .map(([label, value]) => `${label}: ${value}`)
    .join('; ');

/** For other programs they are JSON. */
export const figuresAsJson = (figures: unknown): string => printable(JSON.stringify(figures));
