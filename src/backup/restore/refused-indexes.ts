/**
 * Indexes and keys that rows of the backup do not allow: a unique index whose order was damaged, as by another version of the
 * collations, lets equal rows in. The rows matter more: all else is restored, and what is missing is named.
 */
import { stateOf } from '../../database/faults/sql-states.ts';
import { messageOf } from '../../ground/errors.ts';

const comments = /^(?:\s|--[^\n]*(?:\n|$))*/;

const makesIndex =
  /^(?:CREATE (?:UNIQUE )?INDEX |ALTER TABLE [\s\S]*?\bADD CONSTRAINT [\s\S]*?\b(?:PRIMARY KEY|UNIQUE|EXCLUDE)\b)/;

/** What a statement needs of an index: to be its foreign key, its partition, its comment, or the order and identity of its table. */
const usesIndex =
  /^(?:ALTER TABLE [\s\S]*?(?:\bFOREIGN KEY\b|\bREPLICA IDENTITY USING INDEX\b|\bCLUSTER ON\b)|ALTER INDEX |COMMENT ON (?:INDEX|CONSTRAINT) )/;

/** Equal keys, keys that exclude each other, and a row that is too large for an index. Class 22: a value that its expression refuses. */
const isOfRows = (state: string): boolean =>
  ['23505', '23P01', '54000'].includes(state) || state.startsWith('22');

/** Undefined object or table, and a foreign key without a unique key to refer to. */
const isMissing = (state: string): boolean => ['42704', '42P01', '42830'].includes(state);

/** For the statements of one restore, in their order. */
export function refusedIndexes() {
  let isAnyRefused = false;
  return {
    /** A sentence for an index that its rows refuse, and for what needs such an index; null where the error is another one. */
    sentenceFor(statement: string, error: unknown): string | null {
      const plain = statement.replace(comments, '');
      const state = stateOf(error) ?? '';
      const line = plain.replaceAll(/\s+/g, ' ').slice(0, 200);
      if (makesIndex.test(plain) && isOfRows(state)) {
        isAnyRefused = true;
        const { detail } = error as { detail?: string };
        return `rows break an index, which is missing now: ${line}: ${messageOf(error)}${detail ? ` (${detail})` : ''}`;
      }
      if (isAnyRefused && usesIndex.test(plain) && isMissing(state))
        return `missing with an index that rows break: ${line}: ${messageOf(error)}`;
      return null;
    },
  };
}
