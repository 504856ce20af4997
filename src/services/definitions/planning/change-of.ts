import { isDeepStrictEqual } from 'node:util';
import type { Written } from '../files/read.ts';
import type { Present, Values } from '../kinds/kind.ts';
import type { Change } from './change.ts';
import { inFile } from './in-file.ts';
import type { Planning } from './planning.ts';

/** What has to be changed for one definition; null if nothing has. */
export function changeOf(
  planning: Planning,
  written: Written,
  target: Present | null,
): Change | null {
  const { kind, name, problem, fields: given } = written;
  const before = target?.values ?? null;
  const usual = kind.defaults(name);
  const nulls = Object.keys(given).filter((field) => given[field] === null);
  let wanted: Values;
  try {
    const texts = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== null && value !== undefined),
    );
    const reset = Object.fromEntries(nulls.map((field) => [field, usual[field] ?? null]));
    wanted = { ...kind.read(texts, before, name), ...reset };
  } catch (error) {
    planning.problems.push(problem(inFile(error)));
    return null;
  }
  const past = kind.isPast?.(wanted, planning.now) ?? null;
  if (target === null) {
    const missing = kind.required.filter((field) => wanted[field] === undefined);
    if (missing.length > 0) {
      planning.problems.push(
        problem(
          `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing, and ${name} is not there yet`,
        ),
      );
      return null;
    }
    if (past !== null) {
      planning.notes.push(`${kind.kind} ${name} is not added: ${past}`);
      return null;
    }
    const all: Values = { ...usual, ...wanted };
    const fields = kind.fields
      .filter((field) => wanted[field] !== undefined)
      .map((field) => ({ field, before: null, after: wanted[field] }));
    return {
      kind,
      name,
      action: 'add',
      before: null,
      wanted: all,
      fields,
      written,
      asks: kind.asks?.(null, all) ?? null,
      consequences: [],
    };
  }
  const fields = kind.fields
    // A row that was written by hand may have what a command would tidy, such as spaces: a file may say that, too.
    .filter(
      (field) =>
        field in wanted &&
        ![wanted[field], given[field]].some((each) => isDeepStrictEqual(each, before![field])),
    )
    .map((field) => ({ field, before: before![field] ?? null, after: wanted[field] }));
  const renamed = kind.rename !== undefined && target.name !== name;
  if (fields.length === 0 && !renamed) {
    if (target.over) planning.notes.push(`${kind.kind} ${name} has ended: take it out of the file`);
    planning.same.push({ written, id: target.id });
    return null;
  }
  if (past !== null) {
    planning.notes.push(`${kind.kind} ${name} is not changed: ${past}`);
    return null;
  }
  return {
    kind,
    name,
    action: renamed ? 'rename' : 'change',
    before: target,
    wanted,
    fields,
    written,
    asks: kind.asks?.(before, { ...before, ...wanted }) ?? null,
    consequences: [],
  };
}
