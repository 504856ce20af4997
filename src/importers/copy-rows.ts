/** Sends rows into one COPY, and begins anew where those that were sent turn out to be known. */
import { finished, Writable } from 'node:stream';
import { callbackify, promisify } from 'node:util';
import type pg from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';

/** What {@link rowsOf} gives in between: all rows before it are in the database since an earlier import. */
export const known = Symbol('known');

const ended = promisify(finished);

/**
 * Takes COPY's text format. `anew`: undoes what this transaction has written, and begins another one; it is called when
 * rows were sent that turn out to be known.
 */
export function copyRows(
  client: pg.PoolClient,
  into: { target: string; columns: readonly string[] },
  anew: () => Promise<void>,
): Writable {
  let copy: CopyStreamQuery | null = null;
  async function end(): Promise<void> {
    if (copy === null) return;
    copy.end();
    await ended(copy);
    copy = null;
  }
  const sink = new Writable({
    objectMode: true,
    write(part: Buffer | typeof known, _encoding, done) {
      if (part === known) {
        const undo = async () => {
          if (copy === null) return;
          await end();
          await anew();
        };
        callbackify(undo)((error) => done(error));
        return;
      }
      if (part.length === 0) return done();
      if (copy === null) {
        copy = client.query(copyFrom(`COPY ${into.target} (${into.columns.join()}) FROM STDIN`));
        // It may fail while nothing is written to it: a lost connection.
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
