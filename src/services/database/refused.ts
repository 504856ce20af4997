import { faultBehind, isOfServer } from '../../database/faults/fault-behind.ts';

/**
 * How the database refused what was asked of it: it takes no writes at present, or it did not carry out this statement. The
 * connection works in both cases. Null: no answer of the database, or one that says that it cannot serve.
 */
export function refusalOf(error: unknown): 'read-only' | 'statement' | null {
  const fault = faultBehind(error);
  switch (fault) {
    case 'read-only':
      return 'read-only';
    case 'conflict':
    case 'timeout':
      return 'statement';
    case null:
      return error instanceof Error && isOfServer(error) ? 'statement' : null;
    default:
      return null;
  }
}
