/** A comment on one ticket or on several: typed after it, as an option, from a file, from a pipe, or in an editor. */
import { UsageError } from '../../ground/errors.ts';
import { ticketNumber, namesTicket } from '../../services/references/ticket.ts';
import { commentOf, commentOnTicket } from '../../services/tickets/comment.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { askFor } from '../terminal/ask.ts';
import { withDraft, type Draft } from '../terminal/draft.ts';
import { doEach } from '../terminal/do-each.ts';
import { asNotesFile, longText, type LongTextOptions } from '../terminal/long-text.ts';
import { say } from '../terminal/print.ts';
import { fromFile } from '../terminal/text-file.ts';
import { idOf, type ChangeOptions } from './lifecycle.ts';

interface CommentOptions extends ChangeOptions, LongTextOptions {
  text?: string;
}

const refusal = (why: string, hint: string) =>
  new UsageError({ what: 'the comment was not written', why, hint });

/** One ticket may be followed by its comment; for several, an option gives it. Nothing is guessed. */
function splitText(
  given: string[],
  options: CommentOptions,
): { tickets: string[]; text: string | undefined } {
  const [ticket, text, ...more] = given as [string, ...string[]];
  const isElsewhere = options.notesFile !== undefined || options.edit !== undefined;
  if (options.text !== undefined && isElsewhere)
    throw refusal('a text is given, and an option that reads another one', 'give one of them');
  if (options.text !== undefined || isElsewhere) {
    const odd = given.find((each) => !namesTicket(each));
    if (odd === undefined) return { tickets: given, text: options.text };
    throw refusal(
      `${odd} names no ticket, and an option already gives the text`,
      'give one of them; beside the option, name only tickets, such as T-42',
    );
  }
  const several = 'on several tickets: `npx roundsman tickets comment T-41 T-42 --text "..."`';
  if (more.length > 0) throw refusal('it is not said which of them is the text', several);
  if (text !== undefined && ticketNumber.test(text))
    throw refusal(`${text} names a ticket, so the text of the comment is missing`, several);
  return { tickets: [ticket], text };
}

export async function comment(given: string[], options: CommentOptions): Promise<void> {
  const { tickets, text } = splitText(given, options);
  await withDraft(asNotesFile, async (draft) => {
    const said = text ?? (await longText(options, draft)) ?? ((await readPiped()) || undefined);
    // Checked before the database is opened.
    const checked = said === undefined ? null : commentOf(said);
    await write(tickets, checked, draft, options);
  });
}

const write = (
  tickets: string[],
  checked: string | null,
  draft: Draft,
  options: CommentOptions,
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const context = { db, actor: actorOf(options.as) };
    await doEach(tickets, options, {
      idOf: idOf(db),
      // Asked only after the ticket was found, so that a comment is not written for nothing.
      ask: async () =>
        checked ?? commentOf(await askFor('the comment', 'Comment', { isProse: true, draft })),
      async act(name, text) {
        const ticket = await draft.keepOnFailure(() =>
          commentOnTicket(context, { ticket: name, text }),
        );
        if (!options.json) say(`Commented on T-${ticket.number}.`);
        return ticket;
      },
    });
  });

/** The text of a pipe or file on standard input; empty on a terminal, and where there is none. */
const readPiped = async (): Promise<string> =>
  process.stdin.isTTY ? '' : (await fromFile('-')).trim();
