/** How severe a ticket is, as a person says it. */
import { UsageError } from '../../ground/errors.ts';
import type { Severity } from '../../ground/severity.ts';
import { printable } from '../../ground/text.ts';
import { clearSeverity, overrideSeverity, type Rated } from '../../services/tickets/severity.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { askFor } from '../terminal/ask.ts';
import { json, say } from '../terminal/print.ts';

interface SeverityOptions {
  reason?: string;
  clear?: true;
  as?: string;
  json?: true;
}

export async function rate(
  given: string,
  severity: Severity | undefined,
  options: SeverityOptions,
): Promise<void> {
  // Checked before the database is opened.
  if ((severity === undefined) === (options.clear === undefined))
    throw new UsageError({
      what: `how severe ${given} is was not changed`,
      why: severity ? '--clear takes a severity back, and names none' : 'no severity is given',
      hint: `npx roundsman tickets severity ${given} high --reason "..."; --clear takes it back`,
    });
  await withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    if (severity === undefined) {
      const cleared = await clearSeverity(context, { ticket: given });
      return options.json ? json(cleared.ticket) : say(clearedInWords(cleared));
    }
    const reason = options.reason?.trim() || (await askFor('--reason', 'Why'));
    const rated = await overrideSeverity(context, { ticket: given, severity, reason });
    return options.json ? json(rated.ticket) : say(ratedInWords(rated));
  });
}

function ratedInWords({ ticket, before, same }: Rated): string {
  const { number, severity, severity_override_by: by } = ticket;
  if (same) return `T-${number} is ${severity} already, as ${printable(by!)} said.`;
  const change = before === severity ? `stays ${severity}` : `was ${before} and is ${severity} now`;
  return `T-${number} ${change}, whatever runs find. \`npx roundsman tickets severity T-${number} --clear\` takes that back.`;
}

function clearedInWords({ ticket: { number, severity }, before, same }: Rated): string {
  if (same) return `T-${number} is ${severity} as runs find it: no person has said otherwise.`;
  return `T-${number} ${before === severity ? 'stays' : `was ${before} and is`} ${severity}, as runs find it.`;
}
