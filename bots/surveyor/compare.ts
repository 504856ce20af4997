/** Compares the parts of the schema with those that the migrations make. */
import type { Parts } from './parts.ts';
import { splitName } from './parts.ts';

export interface Difference {
  part: string;
  how: 'missing' | 'changed' | 'extra';
  expected: string | null;
  actual: string | null;
}

/** The policy for the role roundsman_reader, which cannot be created on every server. */
const readerPolicy = /^policy .*\.Checks read$/;

/** Definitions that each major version of PostgreSQL prints in its own way. */
const isPrintedByVersion = (part: string, definition: string) =>
  part.startsWith('view ') || / AS (BEGIN ATOMIC|RETURN) /.test(definition);

export interface CompareOptions {
  /** whether the role roundsman_reader is there */
  hasReader: boolean;
  /** whether the server has the major version with which the expected parts were written */
  sameServer: boolean;
  ignored: ReadonlySet<string>;
}

/**
 * Parts of a table that is missing are left out. Additional parts are reported in the schema engine. Elsewhere they are the
 * platform's own and may stay, except for what adoption refuses: a permissive policy, and on the bots' tables a check, a column that
 * has to be given, and a unique key.
 */
export function compareParts(
  expected: Parts,
  actual: Parts,
  { hasReader, sameServer, ignored }: CompareOptions,
): Difference[] {
  const found: Difference[] = [];
  const isCompared = (part: string) =>
    !ignored.has(part) && (hasReader || !readerPolicy.test(part));
  for (const [part, definition] of Object.entries(expected)) {
    if (!isCompared(part)) continue;
    const is = actual[part];
    if (is === undefined) {
      const { of, name } = splitName(part);
      const isGone = name !== null && actual[`table ${of}`] === undefined;
      if (!isGone) found.push({ part, how: 'missing', expected: definition, actual: null });
    } else if (is !== definition && (sameServer || !isPrintedByVersion(part, definition)))
      found.push({ part, how: 'changed', expected: definition, actual: is });
  }
  for (const [part, definition] of Object.entries(actual))
    if (
      expected[part] === undefined &&
      isCompared(part) &&
      isReportable(part, definition, expected)
    )
      found.push({ part, how: 'extra', expected: null, actual: definition });
  return found;
}

/** Whether an additional part is a finding. */
function isReportable(part: string, definition: string, expected: Parts): boolean {
  const { kind, of, name } = splitName(part);
  // The parts of a table that is itself additional are left out.
  if (of.startsWith('engine.')) return name === null || expected[`table ${of}`] !== undefined;
  if (kind === 'policy') return definition.startsWith('permissive');
  if (!/^bots?(_|$)/.test(of)) return false;
  if (kind === 'column') return definition.endsWith(' NOT NULL');
  if (kind === 'constraint') return /^(PRIMARY KEY|UNIQUE|EXCLUDE)/.test(name!);
  if (kind === 'index') return definition.startsWith('CREATE UNIQUE INDEX');
  return kind === 'check';
}

const context = 300;

/** Where two definitions begin to differ, with some of what stands around it. */
export function excerpts(expected: string, actual: string): { expected: string; actual: string } {
  let at = 0;
  while (at < Math.min(expected.length, actual.length) && expected[at] === actual[at]) at += 1;
  const cut = (text: string) => {
    const from = Math.max(0, at - context);
    const until = at + 3 * context;
    return `${from > 0 ? '…' : ''}${text.slice(from, until)}${until < text.length ? '…' : ''}`;
  };
  return { expected: cut(expected), actual: cut(actual) };
}
