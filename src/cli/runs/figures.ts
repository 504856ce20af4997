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

const valueOf = ({ value, unit }: Record<string, unknown>): string =>
  typeof value === 'number'
    ? [
        value.toLocaleString('en', { maximumFractionDigits: 2 }),
        ...(typeof unit === 'string' ? [printable(unit)] : []),
      ].join(' ')
    : '-';
