import { faultBehind, isOfServer } from '../../database/faults/fault-behind.ts';

/**
 * How the database refused: it takes no writes at present (`read-only`), or it did not carry out this one statement. In both cases
 * the connection works. Null if the database did not answer, or answered that it cannot serve.
 */
export function refusalKindOf(error: unknown): 'read-only' | 'statement' | null {
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
