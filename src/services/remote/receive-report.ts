/** Takes the report of an asynchronous remote bot: what `roundsman web` does with it, apart from HTTP. */
import { createHash } from 'node:crypto';
import { openSecret, ClosedSecretError, type SecretSources } from '../../data/secrets/open.ts';
import { secretRows } from '../../data/secrets/rows.ts';
import { currentTime } from '../../data/bots/engine.ts';
import { botOfRun, reportStanding, type ReportingBot } from '../../data/remote/reports.ts';
import type { Db } from '../../database/connect.ts';
import { isSignedByStandard, type SignedMessage } from '../../ground/secrets/standard-signature.ts';
import { signedAnswer } from '../../remote/answer.ts';
import { remoteConfig } from '../../remote/config.ts';
import { isAddress } from '../../remote/endpoint.ts';
import { parseBounded, UnfitAnswerError } from '../../remote/json.ts';
import { withoutSecrets } from '../../remote/reply.ts';
import { requestOfId, whyUnusable, type GivenValue } from '../../remote/sign.ts';
import { readBy } from '../../remote/unfit.ts';
import { receiveReport } from '../../transitions/reports/receive.ts';

/** A report as it came. `id`: from its address; the other fields: its headers, null where they are missing. */
export interface GivenReport extends SignedMessage {
  /** the header `webhook-id` */
  webhookId: string | null;
}

/**
 * What became of a report:
 * - received: it is stored, and its run reads it; repeated: the same report was received before, so that nothing changes
 * - unauthorised: no such run, or a signature that is wrong, missing or old: the same for all of them, because anyone may ask
 * - unfit: `why` names the fields that do not fit the contract
 * - unknown: of a bot that signs rightly: it was not asked for this
 * - conflict: another report of the request was received before
 * - late: the lease is over, or the run has ended or is at another attempt
 * - later: the attempt begins again soon, or this process cannot open the bot's secrets now; then `why` says so
 */
export type Received =
  | { kind: 'received' | 'repeated' | 'unauthorised' | 'unknown' | 'conflict' | 'late' }
  | { kind: 'unfit' | 'later'; why: string };

/**
 * Takes a report if its bot has signed it, it fits the contract, and its run waits for it. Whoever sends it is known by the signature
 * alone. Rejects with errors of the database.
 */
export async function takeReport(
  { db, sources }: { db: Db; sources: SecretSources },
  given: GivenReport,
): Promise<Received> {
  const asked = requestOfId(given.id);
  const bot = asked ? await botOfRun(db, asked.run) : undefined;
  const { secrets, closed } = bot ? await secretsOf({ db, sources }, bot) : noSecrets;
  const values = secrets.map(({ value }) => value);
  const now = bot?.now ?? (await currentTime(db));
  if (!isSignedByStandard(given, values, now) || given.webhookId !== given.id)
    return closed === null ? { kind: 'unauthorised' } : { kind: 'later', why: closed };
  const read = readReport(given.body, secrets);
  if ('why' in read) return { kind: 'unfit', why: read.why };
  const sha256 = createHash('sha256').update(given.body).digest('hex');
  if (await receiveReport(db, given.id, { body: read.body, sha256 })) return { kind: 'received' };
  const standing = await reportStanding(db, given.id);
  if (!standing) return { kind: 'unknown' };
  if (standing.sha256 !== null)
    return { kind: standing.sha256 === sha256 ? 'repeated' : 'conflict' };
  return standing.begins_again
    ? { kind: 'later', why: 'the run begins again in a moment, because its worker has stopped' }
    : { kind: 'late' };
}

const noSecrets = { secrets: [] as GivenValue[], closed: null };

/** The secrets that the bot's settings name now; `closed`: why none of them can be opened in this process. */
async function secretsOf(
  { db, sources }: { db: Db; sources: SecretSources },
  { endpoint, config }: ReportingBot,
): Promise<{ secrets: GivenValue[]; closed: string | null }> {
  const { depends_on: _, ...own } = (config ?? {}) as Record<string, unknown>;
  const read = remoteConfig.safeParse(own);
  if (!isAddress(endpoint) || !read.success || read.data.contract !== 'async') return noSecrets;
  const rows = read.data.secrets.length > 0 ? await secretRows(db, read.data.secrets) : [];
  const secrets: GivenValue[] = [];
  let closed: string | null = null;
  for (const row of rows) {
    try {
      const opened = openSecret(sources, row);
      if (whyUnusable('async', opened) === null) secrets.push(opened);
    } catch (error) {
      if (!(error instanceof ClosedSecretError)) throw error;
      closed = `${error.what}: ${error.why}`;
    }
  }
  return { secrets, closed: secrets.length > 0 ? null : closed };
}

/** The body as it is stored, or why it does not fit the contract. */
export function readReport(
  bytes: Uint8Array,
  secrets: readonly GivenValue[],
): { body: string } | { why: string } {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { why: 'it is not text in UTF-8' };
  }
  try {
    const parsed = parseBounded(text);
    readBy(signedAnswer, parsed);
    return { body: JSON.stringify(withoutSecrets(parsed, secrets)) };
  } catch (error) {
    if (!(error instanceof UnfitAnswerError)) throw error;
    return { why: error.message };
  }
}
