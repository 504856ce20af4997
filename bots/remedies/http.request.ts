/**
 * Sends one HTTP request to a host that `engine.settings` allows (`http_hosts`, empty at first). It cannot
 * be taken back unless the entry names a request that does; and whether it arrived can only be told, after
 * a crash or a lost answer, where the entry names a request that asks.
 */
import { defineRemedy, NotAppliedError, OutboundError, request, sql, z } from '../../src/bot.ts';
import type { OutboundAnswer, RemedyContext, UndoContext } from '../../src/bot.ts';

const status = z.int().min(200).max(599);

/** Set by the engine or by the connection itself. */
const reserved =
  /^(host|content-length|transfer-encoding|connection|upgrade|expect|te|trailer|keep-alive|proxy-.*|idempotency-key)$/i;

const sent = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  url: z
    .url({ protocol: /^https?$/, error: 'has to be an http or https address' })
    .max(2_000)
    .refine((url) => !/^[a-z]+:\/\/[^/?#]*@/i.test(url), 'may not hold a user or password'),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
      z
        .string()
        .max(2_000)
        .regex(/^[\t\x20-\x7e]*$/),
    )
    .refine(
      (headers) => !Object.keys(headers).some((name) => reserved.test(name)),
      'holds one that is not yours to set',
    )
    .optional(),
  body: z.string().max(10_000).optional(),
  expect: z
    .array(status)
    .min(1)
    .max(20)
    .optional()
    .describe('statuses that mean it worked; 2xx unless given'),
});
type Sent = z.infer<typeof sent>;

const params = sent.extend({
  timeout_seconds: z.int().min(1).max(60).default(10).describe('for all of it'),
  done: z
    .strictObject({
      url: sent.shape.url,
      headers: sent.shape.headers,
      expect: sent.shape.expect,
      missing: z
        .array(status)
        .min(1)
        .max(20)
        .default([404])
        .describe('statuses that mean it was not done'),
    })
    .optional()
    .describe(
      'a GET that tells whether it was done, from the moment at which the request was taken',
    ),
  undo: sent.optional().describe('the request that takes it back'),
});
type Params = z.infer<typeof params>;

/** Characters of an answer's body that the evidence keeps. */
const kept = 1_000;

async function send(
  { method, url, headers, body }: Omit<Sent, 'expect'>,
  { timeout_seconds }: Params,
  { db, signal, key }: RemedyContext,
): Promise<OutboundAnswer> {
  const { rows } = await sql<{ value: unknown }>`
    SELECT value FROM engine.settings WHERE key = 'http_hosts'`
    .execute(db)
    .catch((error: unknown) => {
      const { message } = error as Error;
      throw new NotAppliedError(`the allowed hosts could not be read: ${message}`, {
        cause: error,
      });
    });
  const asks = method === 'GET' || method === 'HEAD';
  return request(
    { method, url, body, headers: { ...headers, ...(!asks && { 'idempotency-key': key }) } },
    { hosts: rows[0]?.value, signal, timeoutMs: timeout_seconds * 1000 },
  );
}

const isExpected = (status: number, expect?: number[]) =>
  expect ? expect.includes(status) : status >= 200 && status < 300;

/** A server that says so did not do it; of a time-out on its side nobody knows. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408;

async function deliver(step: Sent, all: Params, context: RemedyContext): Promise<OutboundAnswer> {
  let answer: OutboundAnswer;
  try {
    answer = await send(step, all, context);
  } catch (error) {
    if (error instanceof OutboundError && !error.sent) throw new NotAppliedError(error.message);
    throw error;
  }
  if (isExpected(answer.status, step.expect)) return answer;
  const what = `${step.method} ${new URL(step.url).host} answered ${answer.status}`;
  throw isRefusal(answer.status) ? new NotAppliedError(what) : new Error(what);
}

const evidence = (what: string, { url, method }: Sent, answer: OutboundAnswer) => ({
  summary: `${what} ${method} ${new URL(url).host}: ${answer.status}`,
  before: null,
  after: { status: answer.status, body: answer.body.slice(0, kept) },
});

export const sendHttpRequest = defineRemedy<Params>({
  name: 'http.request',
  title: 'Send an HTTP request',
  risk: ({ undo }) => (undo ? 'reversible' : 'irreversible'),
  outside: true,
  params,
  async isDone(given, context) {
    if (!given.done) return null;
    const { status } = await send({ ...given.done, method: 'GET' }, given, context);
    if (isExpected(status, given.done.expect)) return true;
    return given.done.missing.includes(status) ? false : null;
  },
  async apply(given, context) {
    return evidence('sent', given, await deliver(given, given, context));
  },
  async undo(given, context: UndoContext) {
    if (!given.undo) throw new NotAppliedError('this entry names no request that takes it back');
    // The key of its own: to the other side it is another request.
    const own = { ...context, key: `${context.key}-undo` };
    return evidence('took it back with', given.undo, await deliver(given.undo, given, own));
  },
});
