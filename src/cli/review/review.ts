/** `tickets review`: one ticket after the other, worked with single keys; line by line where the whole screen cannot be used. */
import { UsageError } from '../../ground/errors.ts';
import { counted } from '../../ground/text.ts';
import { nextToReview, type ReviewFilter } from '../../services/tickets/review.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { canAsk } from '../terminal/ask.ts';
import { note, say } from '../terminal/print.ts';

/** Several statements read a ticket at once; a look whether it has changed may run beside an action. */
const maxConnections = 6;

/** Exits with 2 where there is no terminal. */
export async function review(filter: ReviewFilter, options: { as?: string }): Promise<void> {
  const { ACCESSIBLE: accessible = '', TERM } = process.env;
  const isByLine = !['', '0'].includes(accessible) || TERM === 'dumb';
  const { stdin, stdout } = process;
  if (isByLine ? !canAsk() : !(stdin.isTTY && stdout.isTTY))
    throw new UsageError({
      what: 'no ticket was reviewed',
      why: 'keys are read from a terminal, and there is none',
      hint: '`npx roundsman tickets list` and `tickets show T-42` show the same; `tickets approve`, `reject`, `ack`, `assign`, `snooze`, `comment`, `resolve`, `merge` and `explain`, `silences add`, `bots run` do the same',
    });
  const actor = actorOf(options.as);
  await withDatabase(
    async ({ db }) => {
      const context = { db, actor, catalogue: loadCatalogue };
      const { left } = await nextToReview(context, { filter, except: [] });
      if (left === 0) {
        const isNarrowed = Object.values(filter).some((value) => value !== undefined);
        return say(
          `${isNarrowed ? 'No such ticket' : 'No ticket waits for a person'}. \`npx roundsman status\` says whether anything else needs you.`,
        );
      }
      if (isByLine) return (await import('./line-by-line.ts')).lineByLine(context, filter);
      const { exitCode, changes, unknown } = await (
        await import('./on-screen.ts')
      ).onScreen(context, filter);
      if (exitCode !== 0) process.exitCode = exitCode;
      if (unknown) note(`it is not known whether this was done: ${unknown}`);
      note(
        `the review has ended after ${counted(changes, 'change')}; \`npx roundsman tickets review\` goes on with what is left`,
      );
    },
    { maxConnections },
  );
  // A connection to a server that does not answer would keep this process alive.
  setTimeout(() => process.exit(), 500).unref();
}
