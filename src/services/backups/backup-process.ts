/**
 * The process that makes the daily backup for a worker (in-process.ts). Its first line of input is the address of the database. When its
 * input ends, the worker has stopped it or is gone: it removes what it had begun, and ends.
 */
import { createInterface } from 'node:readline';
import { UnprovenError } from '../../backup/restore/prove.ts';
import { connect } from '../../database/connect.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';
import { keepHeapSmall } from './small-heap.ts';
import { backupAsSet } from './as-set.ts';
import type { BackupAnswer } from './in-process.ts';

keepHeapSmall();
const stopped = new AbortController();
const input = createInterface({ input: process.stdin });
input.once('close', () => stopped.abort(new Error('the worker stopped the backup')));
const url = await new Promise<string>((resolve) =>
  input.once('line', (line) => resolve(JSON.parse(line) as string)),
);

async function answer(): Promise<BackupAnswer> {
  const db = connect(url, { name: 'roundsman backup', asService: true, max: 2 });
  try {
    return { figures: await backupAsSet({ db, url }, stopped.signal) };
  } catch (error) {
    if (!(error instanceof RoundsmanError)) return { message: messageOf(error) };
    const { what, why, hint, reasons } = error;
    const final = error instanceof UnprovenError;
    return { explained: { what, why, hint, ...(reasons && { reasons: [...reasons] }), final } };
  } finally {
    await db.destroy();
  }
}

const text = JSON.stringify(await answer());
process.stdout.write(text, () => process.exit());
