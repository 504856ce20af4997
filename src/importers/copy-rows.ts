/** Sends rows into one COPY. When it turns out that the rows so far were imported before, it begins again after them. */
import { finished, Writable } from 'node:stream';
import { callbackify, promisify } from 'node:util';
import type pg from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';

/** A mark between the rows that `rowsOf` gives: an earlier import has put all rows before it into the database. */
export const knownMark = Symbol('known');

const whenFinished = promisify(finished);

/**
 * A stream that takes rows in COPY's text format, and the mark {@link knownMark}. `beginAgain` undoes what this transaction has
 * written, and begins another transaction; it is called at the mark if rows were sent before it.
 */
export function copyRows(
  client: pg.PoolClient,
  into: { target: string; columns: readonly string[] },
  beginAgain: () => Promise<void>,
): Writable {
  let copy: CopyStreamQuery | null = null;
  async function end(): Promise<void> {
    if (copy === null) return;
    copy.end();
    await whenFinished(copy);
    copy = null;
  }
  const sink = new Writable({
    objectMode: true,
    write(part: Buffer | typeof knownMark, _encoding, done) {
      if (part === knownMark) {
        const undo = async () => {
          if (copy === null) return;
          await end();
          await beginAgain();
        };
        callbackify(undo)((error) => done(error));
        return;
      }
      if (part.length === 0) return done();
      if (copy === null) {
        copy = client.query(copyFrom(`COPY ${into.target} (${into.columns.join()}) FROM STDIN`));
        // The COPY may also fail while nothing is written to it: when the connection is lost.
        copy.on('error', (error) => sink.destroy(error));
      }
      copy.write(part, (error) => done(error));
    },
    final(done) {
      callbackify(end)((error) => done(error));
    },
    destroy(error, done) {
      copy?.destroy(error ?? undefined);
      done(error);
    },
  });
  return sink;
}
