/** Why a ticket has no suggestion that can be approved, or none of the named entry. */
import type { Explanation as ErrorText } from '../../ground/errors.ts';
import type { Explained, Explanation } from '../../heal/explain.ts';
import { commandToAskAgain, runCommand, type FindingContext } from '../findings/gate-commands.ts';
import { gatesInWords } from '../findings/gate-in-words.ts';

/** What an entry waits for instead of an answer; `command` runs the bot again, or does what it waits for. */
export function waitOf(explained: Explained, about: FindingContext, now: Date) {
  const { candidate, prospect, closed } = explained;
  const run = runCommand(about);
  const waitsFor = (why: string, command: string | null) => ({
    why: `${candidate.name}: ${why}`,
    command,
  });
  switch (prospect) {
    case 'closed':
      return waitsFor(
        gatesInWords(explained, about, now)!,
        commandToAskAgain(closed[0]!, explained, about),
      );
    case 'apply':
      return waitsFor('it needs no approval: the next run applies it', run);
    case 'hold out':
      return waitsFor(
        'it needs no approval; the next run leaves it alone, to see whether it recovers by itself',
        run,
      );
    case 'wait':
      return waitsFor('another entry is tried before it', run);
    case 'advise':
      return candidate.autonomy === 'shadow'
        ? waitsFor('advice in shadow, which is not suggested', null)
        : waitsFor('advice, which a run shows on the ticket', run);
  }
}

/** The error: `what` could not be done, and what each entry that fits waits for. */
export function unsuggested(
  what: string,
  { candidates, untried }: Explanation,
  { about, now, named }: { about: FindingContext; now: Date; named?: string | undefined },
): ErrorText {
  const among = candidates.filter(({ candidate }) => !named || candidate.name === named);
  const waits = among.map((each) => waitOf(each, about, now));
  const notKnown = untried.length > 0 ? `not known whether they fit: ${untried.join(', ')}` : null;
  if (waits.length === 0) {
    const fits = named ? `${named} does not fit it` : 'no entry of knowledge fits it';
    return {
      what,
      why: [`nothing is suggested for its finding: ${fits}`, notKnown].filter(Boolean).join('; '),
      hint: `\`npx roundsman findings explain ${about.ticket ?? about.finding}\``,
    };
  }
  const reasons = [
    'nothing is suggested for its finding',
    ...waits.map(({ why }) => why),
    ...(notKnown ? [notKnown] : []),
  ];
  const command = waits.find((each) => each.command !== null)?.command;
  return {
    what,
    why: reasons.join('; '),
    reasons,
    hint: command
      ? `\`${command}\`; all of it: \`npx roundsman tickets explain ${about.ticket ?? ''}\``
      : `\`npx roundsman tickets explain ${about.ticket ?? ''}\``,
  };
}
