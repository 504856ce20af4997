/** Reads requests from fields with names. */
import { fieldTime } from '../reading/field-time.ts';
import { field, firstField, textOf, type Fields } from '../reading/fields.ts';
import { units, type ParsedLine, type Reading } from '../reading/log-format.ts';
import {
  apiLogRow,
  ipOf,
  isMethod,
  pathOf,
  statusOf,
  wholeMs,
  type ApiLogRow,
} from './api-log-row.ts';

/** The possible names of each field; the first name that a line has counts. */
export interface RequestNames {
  time: readonly string[];
  method: readonly string[];
  path: readonly string[];
  status: readonly string[];
  ip: readonly string[];
  /** `factor` turns the value into ms; null where the value names its unit */
  duration: readonly (readonly [name: string, factor: number | null])[];
}

const factors: Record<string, number> = {
  ...units,
  ns: 1e-6,
  µs: 0.001,
  μs: 0.001,
  m: 60_000,
  h: 3_600_000,
};

/** The ms of a duration such as `12`, `0.012s` or `1m3.5s`; null for a value that is not a duration. */
function durationOf(value: unknown, factor: number | null): number | null {
  const text = textOf(value)?.trim();
  if (text === undefined) return null;
  if (factor !== null && /^\d+(?:\.\d+)?(?:e-?\d+)?$/i.test(text))
    return wholeMs(Number(text) * factor);
  const parts = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)
    ? [...text.matchAll(/(\d+(?:\.\d+)?)([a-zµμ]+)/g)]
    : [];
  if (parts.length === 0) return null;
  return wholeMs(
    parts.reduce((sum, [, number, unit]) => sum + Number(number) * factors[unit!]!, 0),
  );
}

/** The row of a request, or why the fields are not a request. */
export function requestRow(
  fields: Fields,
  names: RequestNames,
  reading: Reading,
): ParsedLine<ApiLogRow> {
  const path = textOf(firstField(fields, names.path));
  const code = textOf(firstField(fields, names.status));
  const method = textOf(firstField(fields, names.method));
  if (path === undefined || (method === undefined && code === undefined))
    return { why: 'its fields name no path with a method or a status' };
  // A server that sent no answer writes 0 or `-`. Without the field the answer is not known.
  if (code === undefined) return { why: 'its fields name no status' };
  const status = statusOf(code === '0' ? '000' : code);
  if (status === null)
    return { why: `the status ${JSON.stringify(code.slice(0, 20))} is not three digits` };
  const at = fieldTime(fields, names.time, reading);
  if (at !== null && typeof at !== 'number') return at;
  const [name, factor] = names.duration.find(([each]) => field(fields, each) !== undefined) ?? [];
  return apiLogRow({
    path: pathOf(path),
    method: method !== undefined && isMethod(method) ? method : '-',
    status,
    ms: name === undefined ? null : durationOf(field(fields, name), factor ?? null),
    ip: ipOf((textOf(firstField(fields, names.ip)) ?? '').split(',', 1)[0]!.trim()),
    at,
  });
}
