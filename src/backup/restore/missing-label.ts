import { messageOf } from '../../ground/errors.ts';

const isLabel = /^(?:\s|--[^\n]*\n)*SECURITY LABEL /;

/**
 * A sentence for a security label that cannot be set, because it needs the library of its provider, which another server may lack; null for
 * every other statement. What the label is of is restored all the same.
 */
export const missingLabel = (statement: string, error: unknown): string | null =>
  isLabel.test(statement) ? `a security label is missing: ${messageOf(error)}` : null;
