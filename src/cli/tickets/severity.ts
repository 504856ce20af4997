/** How severe a ticket is, as a person says it. */
import { UsageError } from '../../ground/errors.ts';
import type { Severity } from '../../ground/severity.ts';
import { printable } from '../../ground/text.ts';
import { namesTicket } from '../../services/references/ticket.ts';
import { clearSeverity, overrideSeverity, type Rated } from '../../services/tickets/severity.ts';
import { actorOf } from '../arguments/actor.ts';
import { oneOf } from '../arguments/words.ts';
import { withDatabase } from '../session/database.ts';
import { askFor } from '../terminal/ask.ts';
import { withDraft } from '../terminal/draft.ts';
import { doEach } from '../terminal/do-each.ts';
import { asReason } from '../terminal/long-text.ts';
import { say, severityWords } from '../terminal/print.ts';
import { idOf } from './lifecycle.ts';

interface SeverityOptions {
  reason?: string;
  clear?: true;
  as?: string;
  json?: true;
}

/** The severity comes after the tickets; its words cannot be tickets. */
function splitSeverity(
  given: string[],
  clear: true | undefined,
): { tickets: string[]; severity: Severity | null } {
  const last = given.at(-1)!;
  const isTicket = namesTicket(last);
  if (given.length > 1 && !isTicket && !clear)
    return {
      tickets: given.slice(0, -1),
      severity: oneOf('severity', severityWords as Severity[])(last),
    };
  if (clear && given.every((each) => !severityWords.includes(each)))
    return { tickets: given, severity: null };
  throw new UsageError({
    what: `the severity of ${given[0]} was not changed`,
    why: clear ? '--clear takes a severity back, and names none' : 'no severity is given',
    hint: `\`npx roundsman tickets severity ${given[0]} high --reason "..."\`; --clear takes it back`,
  });
}

export async function rate(given: string[], options: SeverityOptions): Promise<void> {
  // Checked before the database is opened.
  const { tickets, severity } = splitSeverity(given, options.clear);
  await withDraft(asReason, (draft) =>
    withDatabase(async ({ db }) => {
      const context = { db, actor: actorOf(options.as) };
      const ask = async () => options.reason?.trim() || askFor('--reason', 'Why', { draft });
      await doEach(tickets, options, {
        idOf: idOf(db),
        ...(severity !== null && { ask }),
        async act(ticket, reason) {
          if (severity === null) {
            const cleared = await clearSeverity(context, { ticket });
            if (!options.json) say(clearedInWords(cleared));
            return cleared.ticket;
          }
          const rated = await draft.keepOnFailure(() =>
            overrideSeverity(context, { ticket, severity, reason: reason! }),
          );
          if (!options.json) say(ratedInWords(rated));
          return rated.ticket;
        },
      });
    }),
  );
}

function ratedInWords({ ticket, before, unchanged }: Rated): string {
  const { number, severity, severity_override_by: by } = ticket;
  if (unchanged) return `T-${number} is ${severity} already, as ${printable(by!)} said.`;
  const change = before === severity ? `stays ${severity}` : `was ${before} and is ${severity} now`;
  return `T-${number} ${change}, whatever runs find. \`npx roundsman tickets severity T-${number} --clear\` takes that back.`;
}

function clearedInWords({ ticket: { number, severity }, before, unchanged }: Rated): string {
  if (unchanged) return `T-${number} is ${severity} as runs find it: no person has said otherwise.`;
  return `T-${number} ${before === severity ? 'stays' : `was ${before} and is`} ${severity}, as runs find it.`;
}
