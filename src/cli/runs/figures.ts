import { printable } from '../../ground/text.ts';
import * as print from '../terminal/print.ts';
import { table } from '../terminal/table.ts';

/** A check of a run, as any version may have stored it. */
interface StoredCheck {
  name?: unknown;
  figures?: unknown;
}

/** What the checks of a run read, with their units; nothing where they read no figures. */
export function printFigures(checks: unknown): void {
  const rows = listOf<StoredCheck>(checks).flatMap(({ name, figures }) =>
    listOf<Record<string, unknown>>(figures).map((figure) => [
      printable(String(name)),
      printable(String(figure.name)),
      valueOf(figure),
    ]),
  );
  if (rows.length === 0) return;
  print.section('Figures');
  table(['Check', 'Figure', 'Value'], rows, '', ['Value']);
}

const listOf = <T>(value: unknown): T[] =>
  Array.isArray(value) ? value.filter((each) => each && typeof each === 'object') : [];

function valueOf({ value, unit }: Record<string, unknown>): string {
  if (typeof value !== 'number') return '-';
  if (unit === 'bytes') return bytesInWords(value);
  return [
    value.toLocaleString('en', { maximumFractionDigits: 2 }),
    ...(typeof unit === 'string' ? [printable(unit)] : []),
  ].join(' ');
}

const multiples = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** In steps of 1,024, as PostgreSQL and the titles of findings count them. A database may also shrink. */
function bytesInWords(bytes: number): string {
  const steps = Math.floor(Math.log2(Math.max(1, Math.abs(bytes))) / 10);
  const step = Math.min(multiples.length - 1, steps);
  const shown = (bytes / 1_024 ** step).toLocaleString('en', { maximumFractionDigits: 1 });
  return `${shown} ${multiples[step]}`;
}
