import type { Written } from '../files/read.ts';
import type { Present, Values } from '../kinds/kind.ts';
import { fileOf, type Change } from './change.ts';
import { inFile } from './in-file.ts';
import type { Planning } from './planning.ts';
import { differingFields, wantedOf } from './wanted-of.ts';

/** What has to be changed for one definition; null if nothing has. */
export function changeOf(
  planning: Planning,
  written: Written,
  target: Present | null,
): Change | null {
  const { kind, name, problem, fields: given } = written;
  const before = target?.values ?? null;
  const usual = kind.defaults(name);
  let wanted: Values;
  try {
    wanted = wantedOf(kind, name, given, before);
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
      file: fileOf(written),
      written,
      asks: kind.asks?.(null, all) ?? null,
      consequences: [],
    };
  }
  const fields = differingFields(kind, { wanted, given, before: target.values }).map((field) => ({
    field,
    before: target.values[field] ?? null,
    after: wanted[field],
  }));
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
    file: fileOf(written),
    written,
    asks: kind.asks?.(before, { ...before, ...wanted }) ?? null,
    consequences: [],
  };
}
