/** Compresses and encrypts the stream of a backup, and the way back: zstd, and age where there are recipients. */
import { Readable } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { messageOf, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { DamagedBackupError } from './tar.ts';

/** No identity opens the backup, or it needs one and none was given. */
export class WrongKeyError extends RoundsmanError {}

/** zstd's own default: higher levels cost more time than they save. */
const level = 3;

/** The compressed bytes; encrypted for these recipients (`age1...`), unless there is none. */
export async function seal(
  plain: AsyncIterable<Buffer>,
  recipients: readonly string[],
): Promise<Readable> {
  const source = Readable.from(plain, { objectMode: false, highWaterMark: 1 << 20 });
  const packed = createZstdCompress({
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  // An error of either side ends the other one.
  source.on('error', (error) => packed.destroy(error));
  packed.on('close', () => source.destroy());
  source.pipe(packed);
  if (recipients.length === 0) return packed;
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  const sealed = await encrypter.encrypt(Readable.toWeb(packed) as ReadableStream<Uint8Array>);
  return Readable.fromWeb(sealed as Parameters<typeof Readable.fromWeb>[0]);
}

const ageHead = Buffer.from('age-encryption.org/v1\n');

/**
 * The plain bytes of a backup. Throws {@link WrongKeyError} where it is encrypted and none of `identities`
 * (`AGE-SECRET-KEY-1...`) opens it, and {@link DamagedBackupError} where its bytes are not those that were written.
 */
export async function* open(
  sealed: AsyncIterable<Buffer>,
  identities: readonly string[],
): AsyncGenerator<Buffer> {
  const iterator = sealed[Symbol.asyncIterator]();
  // A pipe may give its first bytes one by one.
  let start = Buffer.alloc(0);
  while (start.length < ageHead.length) {
    const next = await iterator.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  const all = (async function* () {
    try {
      if (start.length > 0) yield start;
      for (;;) {
        const next = await iterator.next();
        if (next.done) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  })();
  const isEncrypted = start.subarray(0, ageHead.length).equals(ageHead);
  const packed = isEncrypted
    ? await decrypt(all, identities).catch((error: unknown) => {
        // What was not begun is not ended by its reader. A command that is silent is not waited for.
        void iterator.return?.().catch(() => {});
        throw error;
      })
    : Readable.from(all, { objectMode: false });
  const plain = createZstdDecompress();
  packed.on('error', (error) => plain.destroy(error));
  plain.on('close', () => packed.destroy());
  packed.pipe(plain);
  try {
    for await (const chunk of plain) yield chunk as Buffer;
  } catch (error) {
    if (error instanceof RoundsmanError) throw error;
    // The errors of files and connections say by their code what failed.
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code && syscall) throw error;
    throw new DamagedBackupError(messageOf(error), { cause: error });
  } finally {
    plain.destroy();
  }
}

/** A recipient takes 2 kB of the head of a file of age at most. What goes on for longer would fill the memory. */
const maxHeadBytes = 1024 * 1024;

/** The same chunks. Throws {@link DamagedBackupError} where the head of a file of age, which ends with a line of `---`, has no end. */
async function* withHead(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head) {
      head = Buffer.concat([head, chunk]);
      if (head.subarray(0, maxHeadBytes).includes('\n---')) head = null;
      else if (head.length >= maxHeadBytes)
        throw new DamagedBackupError('the head of its encryption has no end');
    }
    yield chunk;
  }
}

async function decrypt(
  sealed: AsyncGenerator<Buffer>,
  identities: readonly string[],
): Promise<Readable> {
  if (identities.length === 0)
    throw new WrongKeyError({
      what: 'the backup cannot be opened',
      why: 'it is encrypted, and no identity was given',
      hint: 'name the file with the identity (AGE-SECRET-KEY-1...): --identity FILE',
    });
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  const source = Readable.toWeb(Readable.from(withHead(sealed), { objectMode: false }));
  try {
    const plain = await decrypter.decrypt(source as ReadableStream<Uint8Array>);
    return Readable.fromWeb(plain as Parameters<typeof Readable.fromWeb>[0]);
  } catch (error) {
    if (error instanceof RoundsmanError) throw error;
    if (/no identity matched/i.test(messageOf(error)))
      throw new WrongKeyError(
        {
          what: 'the backup cannot be opened',
          why: 'it was encrypted for other recipients: none of the identities opens it',
          hint: 'give the identity whose recipient was set when the backup was made',
        },
        { cause: error },
      );
    throw new DamagedBackupError(messageOf(error), { cause: error });
  }
}

/**
 * Throws UsageError for a recipient that age does not know. The key itself is no secret. `setting`: the name of the setting that has them, if
 * one does.
 */
export async function refuseUnfitRecipients(
  recipients: readonly string[],
  setting?: string,
): Promise<void> {
  const where = setting === undefined ? '' : `in the setting ${setting}: `;
  const { Encrypter } = await import('age-encryption');
  for (const recipient of recipients)
    try {
      new Encrypter().addRecipient(recipient);
    } catch {
      throw new UsageError({
        what: 'a recipient cannot be used',
        why: recipient.startsWith('AGE-SECRET-KEY')
          ? `${where}it is an identity, which has to stay secret; its recipient begins with age1`
          : `${where}${JSON.stringify(recipient.slice(0, 80))} is no recipient of age`,
        hint: `\`age-keygen\` of the package age makes an identity, and prints its recipient (age1...)${setting === undefined ? '' : `; set that: \`npx roundsman settings ${setting} age1...\``}`,
      });
    }
}

/** The identities of a file as age-keygen writes it. Throws UsageError. */
export async function identitiesIn(text: string, file: string): Promise<string[]> {
  const found = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'));
  const { identityToRecipient } = await import('age-encryption');
  try {
    if (found.length === 0) throw new Error('none');
    for (const each of found) await identityToRecipient(each);
  } catch {
    throw new UsageError({
      what: 'the identity cannot be used',
      why: `${file} has no line that is an identity of age (AGE-SECRET-KEY-1...)`,
      hint: '`age-keygen -o FILE` of the package age makes one',
    });
  }
  return found;
}
