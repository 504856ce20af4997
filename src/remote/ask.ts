/** Calls a remote bot for a run, and reads its answer. */
import { sql } from 'kysely';
import { z } from 'zod';
import type { CheckContext } from '../contract/check.ts';
import type { CheckResult } from '../contract/finding.ts';
import { currentMode } from '../data/bots/engine.ts';
import { httpHosts, readSetting } from '../data/settings/rows.ts';
import type { Db } from '../database/connect.ts';
import { fitting } from '../ground/text.ts';
import { OutboundError } from '../outbound/error.ts';
import { request, type OutboundAnswer, type OutboundRequest } from '../outbound/request.ts';
import type { RemoteConfig } from './config.ts';
import type { RequestDocument } from './document.ts';
import { maxAnswerBytes, readReply } from './reply.ts';
import { goneResult, readAnswer, waitResult } from './result.ts';
import { requestOf, whyUnusable, type GivenValue } from './sign.ts';

/** The part of the bot's timeout that the call may take: an answer that is late then leaves time for another attempt. */
const shareOfTimeout = 0.9;

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

async function askingRun(db: Db, id: string): Promise<AskingRun> {
  const { rows } = await sql<AskingRun>`
    SELECT b.name AS bot, b.schedule_cron AS schedule, e.scheduled_for AS slot, e.trigger,
      ARRAY(
        SELECT f.component_key FROM bot_findings f
        WHERE f.bot_id = b.id AND f.check_name = ${checkName} AND f.resolved_at IS NULL AND strpos(f.component_key, '/') = 0
        UNION SELECT s.component_key FROM bot_finding_states s
        WHERE s.bot_id = b.id AND s.check_name = ${checkName} AND strpos(s.component_key, '/') = 0) AS remembered
    FROM bot_executions e JOIN bots b ON b.id = e.bot_id WHERE e.id = ${id}::uuid`.execute(db);
  const [row] = rows;
  if (!row) throw new Error(`there is no run ${id}`);
  return row;
}

/** Asks the remote bot at the endpoint of the run. The check `remote` of {@link remoteBot}. */
export async function askRemote(config: RemoteConfig, context: CheckContext): Promise<CheckResult> {
  const { db, now, run, since, skip } = context;
  const { endpoint } = run;
  const asking = await askingRun(db, run.id);
  if ((await currentMode(db)) === 'off')
    return skip(
      'not called: the mode is off, and then no remote bot is called; `npx roundsman mode` shows it',
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
  const answer = await call(await requestOf(endpoint, config, document, { secrets, at: now }), {
    hosts: (await readSetting(db, httpHosts))?.value,
    signal: context.signal,
    timeoutMs: timeoutMsOf(config, run.timeoutMs),
  });
  const reply = readReply(answer, config, secrets, now);
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

export const timeoutMsOf = (
  { timeout_seconds }: Pick<RemoteConfig, 'timeout_seconds'>,
  botTimeoutMs: number,
): number =>
  timeout_seconds === undefined
    ? Math.max(1_000, Math.round(botTimeoutMs * shareOfTimeout))
    : timeout_seconds * 1_000;

/** Sends one request to a remote bot. Throws {@link OutboundError}, with what to do where our own rules forbid it. */
export async function call(
  outgoing: OutboundRequest,
  limits: { hosts: unknown; signal: AbortSignal; timeoutMs: number },
): Promise<OutboundAnswer> {
  try {
    return await request(outgoing, { ...limits, maxBytes: maxAnswerBytes });
  } catch (error) {
    if (!(error instanceof OutboundError) || error.fault !== 'refused') throw error;
    const { hostname, host } = new URL(outgoing.url);
    throw new OutboundError(
      `not called: ${error.message}; \`npx roundsman settings http_hosts --add ${hostname}\` allows its public addresses, with a port (${host.includes(':') ? host : `${host}:443`}) every address of it, and with a range (${hostname},10.1.0.0/16) those in it`,
      false,
      { cause: error, fault: 'refused' },
    );
  }
}
