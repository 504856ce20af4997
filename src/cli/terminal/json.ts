/** JSON that a terminal shows as it is. */
import { escapeHidden } from '../../ground/documents/hidden-characters.ts';

/** One document; with an `indent` of 0 in one line. */
export const asJson = (value: unknown, indent = 2): string =>
  escapeHidden(JSON.stringify(value, null, indent));
