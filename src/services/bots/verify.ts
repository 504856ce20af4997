/** Calls a remote bot outside of any run, rightly and wrongly, and says point by point whether it keeps its contract. */
import { randomUUID } from 'node:crypto';
import { openSecret, ClosedSecretError, type SecretSources } from '../../data/secrets/open.ts';
import { noSecret, secretRows } from '../../data/secrets/rows.ts';
import { httpHosts, readSetting } from '../../data/settings/rows.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { messageOf, UsageError } from '../../ground/errors.ts';
import { call, componentOf, timeoutMsOf } from '../../remote/ask.ts';
import { remoteConfig, type RemoteConfig } from '../../remote/config.ts';
import type { RequestDocument } from '../../remote/document.ts';
import { isAddress, problemOfEndpoint } from '../../remote/endpoint.ts';
import { readReply } from '../../remote/reply.ts';
import { readAnswer } from '../../remote/result.ts';
import { requestOf, webhookId, whyUnusable, type GivenValue } from '../../remote/sign.ts';
import { counted } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { botOf } from '../references/named.ts';
import { callbackOf } from './verify-callback.ts';
import { refusalOf, wrongRequests, type Point } from './verify-refusals.ts';

export type Contract = RemoteConfig['contract'];

export type { Point } from './verify-refusals.ts';

export interface Verified {
  endpoint: string;
  contract: Contract;
  ok: boolean;
  points: Point[];
  /** it answered; without an answer nothing is known about the contract */
  answered: boolean;
}

interface Subject {
  endpoint: string;
  config: RemoteConfig;
  bot: { name: string; schedule: string };
  timeoutMs: number;
}

interface Given {
  /** the name of a bot, or an https address */
  bot: string;
  contract?: Contract | undefined;
  secrets?: string[] | undefined;
  signal: AbortSignal;
}

/** The timeout of an address that no bot has yet: that of a bot unless it is set. */
const defaultTimeoutMs = 60_000;

/** For operators. Throws NotFoundError for an unknown name of a bot or a secret, UsageError for what is no remote bot. Stores nothing. */
export async function verifyRemote(
  { db, actor, sources }: { db: Db; actor: Actor; sources: SecretSources },
  given: Given,
): Promise<Verified> {
  authorise(actor, 'call a remote bot', 'operator');
  const { endpoint, config, ...subject } = await subjectOf(db, given);
  await requireStored(db, given.secrets ?? []);
  const { contract } = config;
  const points: Point[] = [];
  let answered = false;
  const done = () => ({
    endpoint,
    contract,
    ok: points.every(({ ok }) => ok),
    points,
    answered,
  });
  const secrets = await secretsOf({ db, sources }, config, points);
  if (secrets === null) return done();
  const now = await currentTime(db);
  const document: RequestDocument = {
    version: 1,
    run: { id: randomUUID(), attempt: 1, trigger: 'test', since: null },
    bot: subject.bot,
    slot: null,
    config: config.config,
  };
  if (contract === 'async') {
    const callback = await callbackOf(db, webhookId(document.run), given.signal, points);
    if (callback === null) return done();
    document.callback = {
      url: callback,
      until: new Date(now.getTime() + subject.timeoutMs).toISOString(),
    };
  }
  const hosts = (await readSetting(db, httpHosts))?.value;
  const limits = { hosts, signal: given.signal, timeoutMs: timeoutMsOf(config, subject.timeoutMs) };
  try {
    const rightly = await requestOf(endpoint, config, document, { secrets, at: now });
    const answer = await call(rightly, limits);
    answered = true;
    points.push({
      ok: true,
      what: 'it answers',
      why: `${answer.status} within ${inSeconds(answer.ms)}`,
    });
    const shape = shapeOf(() => readReply(answer, config, secrets, now), config, endpoint);
    points.push(shape);
    // It asked not to be called now, or for good: a run keeps to that, too.
    if (shape.ended) return done();
    if (answer.status === 202 && contract === 'async')
      points.push({
        ok: true,
        what: 'its report',
        why: `not checked, because it belongs to no run and is refused: \`npx roundsman bots run ${subject.bot.name}\` shows whether one arrives`,
      });
  } catch (error) {
    points.push({ ok: false, what: 'it answers', why: messageOf(error) });
    // The wrong requests would say no more: the server cannot be reached.
    return done();
  }
  for (const { what, outgoing } of await wrongRequests(endpoint, config, document, secrets, now))
    points.push(await refusalOf(what, () => call(outgoing, limits)));
  return done();
}

/** Throws NotFoundError for the first name of which there is no secret. */
async function requireStored(db: Db, names: readonly string[]): Promise<void> {
  const stored = names.length > 0 ? await secretRows(db, [...names]) : [];
  for (const name of names)
    if (!stored.some((row) => row.name === name)) throw await noSecret(db, name);
}

const notSent = 'the requests that it has to refuse were not sent';

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

async function subjectOf(db: Db, { bot: given, contract, secrets }: Given): Promise<Subject> {
  const isNamed = !isAddress(given);
  const row = isNamed ? await botOf(db, given) : null;
  const endpoint = row?.api_endpoint ?? given;
  const problem = isAddress(endpoint)
    ? problemOfEndpoint(endpoint)
    : 'its endpoint names a bot of the catalogue';
  if (problem !== null)
    throw new UsageError({
      what: `${given} cannot be verified`,
      why: problem,
      hint: 'give the name of a remote bot, or its https address with --secret',
    });
  const { depends_on: _, ...stored } = (row?.config ?? {}) as Record<string, unknown>;
  const read = remoteConfig.safeParse({
    ...stored,
    ...(contract !== undefined && { contract }),
    ...(secrets !== undefined && { secrets }),
  });
  if (!read.success)
    throw new UsageError({
      what: `${given} cannot be verified`,
      why: `its config does not fit: ${read.error.issues[0]!.path.join('.')}: ${read.error.issues[0]!.message}`,
      hint: '`npx roundsman bots catalogue remote` shows the settings',
    });
  return {
    endpoint,
    config: read.data,
    bot: { name: row?.name ?? 'test', schedule: row?.schedule_cron ?? '*/5 * * * *' },
    timeoutMs: row ? (row.timeout_seconds ?? 60) * 1_000 : defaultTimeoutMs,
  };
}

/** The values of the secrets; null where the bot cannot be called. */
async function secretsOf(
  { db, sources }: { db: Db; sources: SecretSources },
  { contract, secrets: names }: RemoteConfig,
  points: Point[],
): Promise<readonly [GivenValue, ...GivenValue[]] | null> {
  const what = 'its secret can be used';
  const values: GivenValue[] = [];
  const rows = names.length > 0 ? await secretRows(db, names) : [];
  for (const name of names) {
    const row = rows.find((each) => each.name === name);
    try {
      if (!row) throw await noSecret(db, name);
      const opened = openSecret(sources, row);
      const why = whyUnusable(contract, opened);
      if (why === null) values.push(opened);
      else points.push({ ok: false, what, why });
    } catch (error) {
      const why =
        error instanceof ClosedSecretError
          ? `${messageOf(error)}; ${error.hint}`
          : `the secret ${name} is not stored; \`npx roundsman secrets set ${name}\` stores it`;
      points.push({ ok: false, what, why });
    }
  }
  const [first, ...others] = values;
  if (points.length > 0) return null;
  if (first) {
    points.push({ ok: true, what, why: names.join(', ') });
    return [first, ...others];
  }
  const why =
    'none is named, and without one a remote bot is not called: name it by the setting `secrets`, or with --secret NAME';
  points.push({ ok: false, what, why });
  return null;
}

function shapeOf(
  read: () => ReturnType<typeof readReply>,
  config: RemoteConfig,
  endpoint: string,
): Point & { ended?: true } {
  const what = 'its answer fits the contract';
  try {
    const reply = read();
    if (reply.kind === 'accepted')
      return { ok: true, what, why: `it reports later, within ${reply.leaseSeconds} s` };
    if (reply.kind === 'gone')
      return { ok: false, what, why: `it answered 410: it is gone; ${notSent}`, ended: true };
    if (reply.kind === 'wait')
      return {
        ok: false,
        what,
        why: `it answered ${reply.status} and asks to wait ${inSeconds(reply.ms)}: try again then; ${notSent}`,
        ended: true,
      };
    const said = readAnswer(reply.body, config, {
      component: componentOf(endpoint),
      remembered: [],
    });
    if ('skipped' in said) return { ok: false, what, why: `all was skipped: ${said.skipped}` };
    const { examined, findings } = said.result;
    const count = Array.isArray(examined) ? examined.length : examined.count;
    return {
      ok: true,
      what,
      why: `${counted(count, 'key')} examined, ${counted(findings.length, 'finding')}`,
    };
  } catch (error) {
    return { ok: false, what, why: messageOf(error) };
  }
}
