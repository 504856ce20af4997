import { printable } from '../../ground/text.ts';
import type { KnowledgeWarning } from '../../services/knowledge/warnings.ts';
import { note } from '../terminal/print.ts';

/** Prints warnings about something that was stored nevertheless, on standard error. */
export function tellWarnings(warnings: readonly KnowledgeWarning[]): void {
  for (const warning of warnings)
    note(
      typeof warning === 'string'
        ? `warning: ${warning}`
        : `warning: solution:${warning.line}:${warning.column}: ${printable(warning.message)}`,
    );
}

/** For a JSON document; without warnings it adds nothing. */
export const withWarnings = (warnings: readonly KnowledgeWarning[]) =>
  warnings.length > 0 && { warnings };
