/** Calls a remote bot for a run, and reads its answer. */
import { sql } from 'kysely';
import { z } from 'zod';
import type { CheckContext } from '../contract/check.ts';
import type { CheckResult } from '../contract/finding.ts';
import { isRunning } from '../data/bots/fence.ts';
import { currentMode, healsIn } from '../data/bots/engine.ts';
import { httpHosts, readSetting, readWebUrl } from '../data/settings/rows.ts';
import type { Db } from '../database/connect.ts';
import { tlsFaultOf } from '../ground/certificate.ts';
import { fitting } from '../ground/text.ts';
import { OutboundError } from '../outbound/error.ts';
import { request, type OutboundAnswer, type OutboundRequest } from '../outbound/request.ts';
import type { RemoteConfig } from './config.ts';
import type { RequestDocument } from './document.ts';
import { maxAnswerBytes, readReply, type Answered, type Reply } from './reply.ts';
import { goneResult, readAnswer, waitResult } from './result.ts';
import { requestOf, webhookId, whyUnusable, type GivenValue } from './sign.ts';
import { askAndWait, awaitableMs } from './wait.ts';

/** The part of the bot's timeout that the call may take: an answer that is late then leaves time for another attempt. */
const shareOfTimeout = 0.9;
/** The longest time that a remote bot has to say that it reports later, unless `timeout_seconds` is set. */
const asyncTimeoutMs = 30_000;

const memory = z.object({
  endpoint: z.string(),
  until: z.iso.datetime(),
  times: z.number(),
});

/** The name of the only check of a remote bot. */
export const checkName = 'remote';

/** What findings about the remote bot itself are about: its address without the query, which may hold a key. */
export function componentOf(endpoint: string): string {
  const { host, pathname } = new URL(endpoint);
  return fitting(`${host}${pathname}`, 200);
}

/** The secrets of the config; ends the check as skipped where there is none, or one cannot be used. */
function secretsFor(
  { contract, secrets: [first, ...others] }: RemoteConfig,
  { secret, skip }: CheckContext,
  bot: string,
): readonly [GivenValue, ...GivenValue[]] {
  if (first === undefined)
    return skip(
      `not called: no secret is set for it. \`npx roundsman secrets set NAME\` stores one, and \`npx roundsman bots edit ${bot} --set 'secrets=["NAME"]'\` names it`,
    );
  const given = (name: string): GivenValue => {
    const one = { name, value: secret(name) };
    const why = whyUnusable(contract, one);
    return why === null ? one : skip(`not called: ${why}`);
  };
  return [given(first), ...others.map(given)];
}

interface AskingRun {
  bot: string;
  schedule: string;
  slot: Date | null;
  trigger: string;
  /** keys of findings about the remote bot itself that are open or counted: no slash is in them */
  remembered: string[];
}

/**
 * What the request says of its run. Throws where the run is not running with this attempt any more, as after its worker was stopped
 * for longer than the lease: another attempt asks then, and the remote bot must not hear of this one again.
 */
async function askingRun(
  db: Db,
  { id, attempt }: Pick<CheckContext['run'], 'id' | 'attempt'>,
): Promise<AskingRun> {
  const { rows } = await sql<AskingRun>`
    SELECT b.name AS bot, b.schedule_cron AS schedule, e.scheduled_for AS slot, e.trigger,
      ARRAY(
        SELECT f.component_key FROM bot_findings f
        WHERE f.bot_id = b.id AND f.check_name = ${checkName} AND f.resolved_at IS NULL AND strpos(f.component_key, '/') = 0
        UNION SELECT s.component_key FROM bot_finding_states s
        WHERE s.bot_id = b.id AND s.check_name = ${checkName} AND strpos(s.component_key, '/') = 0) AS remembered
    FROM bot_executions e JOIN bots b ON b.id = e.bot_id
    WHERE e.id = ${id}::uuid AND e.attempt = ${attempt} AND ${isRunning}`.execute(db);
  const [row] = rows;
  if (!row) throw new Error(`the run ${id} is not running with attempt ${attempt} any more`);
  return row;
}

/** Asks the remote bot at the endpoint of the run. The check `remote` of {@link remoteBot}. */
export async function askRemote(config: RemoteConfig, context: CheckContext): Promise<CheckResult> {
  const { db, now, run, since, skip } = context;
  const { endpoint } = run;
  const asking = await askingRun(db, run);
  if (!healsIn(await currentMode(db)))
    return skip(
      'not called: the mode is off, and then no remote bot is called; `npx roundsman mode` shows it',
      'kill_switch',
    );
  const secrets = secretsFor(config, context, asking.bot);
  const about = { component: componentOf(endpoint), remembered: asking.remembered };
  const read = memory.safeParse(context.remembered);
  const waiting = read.success && read.data.endpoint === endpoint ? read.data : null;
  if (waiting && Date.parse(waiting.until) > now.getTime())
    return waitResult({ until: new Date(waiting.until), times: waiting.times }, about);
  const document: RequestDocument = {
    version: 1,
    run: {
      id: run.id,
      attempt: run.attempt,
      trigger: asking.trigger,
      since: since?.toISOString() ?? null,
    },
    bot: { name: asking.bot, schedule: asking.schedule },
    slot: asking.slot?.toISOString() ?? null,
    config: config.config,
  };
  const send = async (callback?: RequestDocument['callback']) => {
    const asked = callback ? { ...document, callback } : document;
    const answer = await call(await requestOf(endpoint, config, asked, { secrets, at: now }), {
      hosts: (await readSetting(db, httpHosts))?.value,
      signal: context.signal,
      timeoutMs: timeoutMsOf(config, run.timeoutMs),
    });
    return readReply(answer, config, secrets, now);
  };
  const reply =
    config.contract === 'async'
      ? await askForReport(webhookId(document.run), context, send)
      : await answered(send());
  if (reply.kind === 'wait') {
    const until = new Date(now.getTime() + reply.ms);
    const times = (waiting?.times ?? 0) + 1;
    const remember = { endpoint, until: until.toISOString(), times };
    return { ...waitResult({ until, times }, about), remember };
  }
  const forget = waiting === null ? {} : { remember: null };
  if (reply.kind === 'gone') return { ...goneResult(asking.bot, about), ...forget };
  const said = readAnswer(reply.body, config, about);
  return 'skipped' in said ? skip(said.skipped) : { ...said.result, ...forget };
}

/** Where the report of a request is sent. `web`: the address of `roundsman web` */
export const callbackUrl = (web: string, requestId: string): string => `${web}/remote/${requestId}`;

/** The answer of a contract that knows no later reports: {@link readReply} refuses 202 there. */
async function answered(sent: Promise<Reply>): Promise<Answered> {
  const reply = await sent;
  if (reply.kind === 'accepted') throw new Error('only the contract async knows 202');
  return reply;
}

async function askForReport(
  id: string,
  context: CheckContext,
  send: (callback: RequestDocument['callback']) => Promise<Reply>,
): Promise<Answered> {
  const { db, run, awaitReport, skip } = context;
  const web = await readWebUrl(db);
  if (web === null)
    return skip(
      'not called: it would not know where to report. `npx roundsman settings web_url https://...` sets the address of `roundsman web`',
    );
  const withinMs = awaitableMs(run.leftMs, run.timeoutMs);
  if (withinMs <= 0)
    return skip('not called: too little is left of the timeout of its bot for a report');
  const report = await awaitReport(id, withinMs);
  const callback = { url: callbackUrl(web, id), until: report.until.toISOString() };
  return askAndWait(report, context, () => send(callback));
}

export const timeoutMsOf = (
  { contract, timeout_seconds }: Pick<RemoteConfig, 'contract' | 'timeout_seconds'>,
  botTimeoutMs: number,
): number => {
  if (timeout_seconds !== undefined) return timeout_seconds * 1_000;
  const share = Math.max(1_000, Math.round(botTimeoutMs * shareOfTimeout));
  return contract === 'async' ? Math.min(asyncTimeoutMs, share) : share;
};

/** Sends one request to a remote bot. Throws {@link OutboundError}, with what to do where our own rules forbid it. */
export async function call(
  outgoing: OutboundRequest,
  limits: { hosts: unknown; signal: AbortSignal; timeoutMs: number },
): Promise<OutboundAnswer> {
  try {
    return await request(outgoing, { ...limits, maxBytes: maxAnswerBytes });
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const { sent, fault } = error;
    if (fault === 'refused')
      throw new OutboundError(`not called: ${error.message}; ${howToAllow(outgoing.url)}`, false, {
        cause: error,
        fault,
      });
    if (tlsFaultOf(error.cause) !== 'untrusted') throw error;
    throw new OutboundError(
      `${error.message}; if an authority of your own issued its certificate, NODE_EXTRA_CA_CERTS=/path/to/ca.crt names it, in the environment of this process and of every worker (not in .env)`,
      sent,
      { cause: error, fault },
    );
  }
}

/** An entry without a port is for the ports 80 and 443 alone. */
function howToAllow(url: string): string {
  const { hostname, host, port } = new URL(url);
  const allow = '`npx roundsman settings http_hosts --add';
  if (port !== '') return `${allow} ${host}\` allows this port, at every address of the host`;
  return `${allow} ${hostname}\` allows its public addresses, with a port (${host}:443) every address of it, and with a range (${hostname},10.1.0.0/16) those in it`;
}
