/**
 * Sends one HTTP request to a host that `engine.settings` allows (`http_hosts`, empty at first). It can be undone only
 * if the entry names a request that undoes it. Whether the request was carried out is known after a crash or a lost answer
 * only if the entry names a GET that asks the server (`done`).
 */
import {
  beginsWithReference,
  defineRemedy,
  filledIn,
  NotAppliedError,
  OutboundError,
  request,
  UnfitSecretError,
  z,
} from '../../src/bot.ts';
import type { OutboundAnswer, RemedyContext, UndoContext } from '../../src/bot.ts';
import { readHttpHosts } from '../parts/http-hosts.ts';

const status = z.int().min(200).max(599);

/** Headers that the engine or the connection itself sets. */
const reserved =
  /^(host|content-length|transfer-encoding|connection|upgrade|expect|te|trailer|keep-alive|proxy-.*|idempotency-key)$/i;

/** Why a request may not go to this address, or null. */
function addressProblem(url: string): string | null {
  const isAddress = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (!isAddress || /[\s\p{Cc}]/u.test(url)) return 'has to be an http or https address';
  return /^[a-z]+:\/\/[^/?#]*@/i.test(url) ? 'may not hold a user or password' : null;
}

const headerValue = /^[\t\x20-\x7e]*$/;

const requestSchema = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  url: z
    .string('has to be an http or https address')
    .max(2_000)
    .superRefine((url, { addIssue }) => {
      // If the address is a secret, or begins with one, it is checked when the secret is known.
      const problem = beginsWithReference(url) ? null : addressProblem(url);
      if (problem !== null) addIssue(problem);
    })
    .describe('an http or https address'),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().max(2_000).regex(headerValue))
    .refine(
      (headers) => !Object.keys(headers).some((name) => reserved.test(name)),
      'contains a header that only the engine may set',
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
type RequestParams = z.infer<typeof requestSchema>;

const params = requestSchema.extend({
  timeout_seconds: z
    .int()
    .min(1)
    .max(60)
    .default(10)
    .describe(
      'seconds for each request, from the lookup of its host to the last byte of the answer',
    ),
  done: z
    .strictObject({
      url: requestSchema.shape.url,
      headers: requestSchema.shape.headers,
      expect: requestSchema.shape.expect,
      missing: z
        .array(status)
        .min(1)
        .max(20)
        .default([404])
        .describe('statuses that mean it was not done'),
    })
    .optional()
    .describe(
      'a GET that tells whether it was done; it has to tell so from the moment the server accepts the request',
    ),
  undo: requestSchema.optional().describe('the request that undoes it'),
});
type Params = z.infer<typeof params>;

/** How many characters of an answer's body the evidence keeps. */
const maxBodyKept = 1_000;

type Outgoing = Pick<RequestParams, 'method' | 'url' | 'headers' | 'body'>;

const inJson = (value: string): string => JSON.stringify(value).slice(1, -1);
const unchanged = (value: string): string => value;

function isJson(text: string): boolean {
  try {
    return Boolean(JSON.parse(text));
  } catch {
    return false;
  }
}

/** How a value is written into the body: as JSON in JSON, as a form value in a form, unchanged in any other text. */
function encodingOf(body: string, headers: Record<string, string> = {}): (value: string) => string {
  if (isJson(body)) return inJson;
  const [, type = ''] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type') ?? [];
  return type.includes('x-www-form-urlencoded') ? encodeURIComponent : unchanged;
}

/**
 * The request with its secrets filled in: in an address percent-encoded after the first `?`, and unchanged before it.
 * Throws {@link UnfitSecretError}, which repeats no value.
 */
function fillSecrets(
  { url, headers, body, ...rest }: Outgoing,
  secret: RemedyContext['secret'],
): Outgoing {
  const queryStart = url.indexOf('?') < 0 ? url.length : url.indexOf('?');
  const address =
    filledIn(url.slice(0, queryStart), secret) +
    filledIn(url.slice(queryStart), secret, encodeURIComponent);
  const problem = addressProblem(address);
  if (problem !== null) throw new UnfitSecretError(`url, with its secrets filled in, ${problem}`);
  const lines = Object.entries(headers ?? {}).map(([name, text]) => {
    const value = filledIn(text, secret);
    if (!headerValue.test(value))
      throw new UnfitSecretError(
        `the header ${name}, with its secrets filled in, holds characters that no header can carry`,
      );
    return [name, value] as const;
  });
  return {
    ...rest,
    url: address,
    headers: Object.fromEntries(lines),
    ...(body !== undefined && { body: filledIn(body, secret, encodingOf(body, headers)) }),
  };
}

async function send(
  given: Outgoing,
  { timeout_seconds }: Params,
  { db, signal, key, secret }: RemedyContext,
): Promise<OutboundAnswer & { host: string }> {
  const hosts = await readHttpHosts(db).catch((error: unknown) => {
    const { message } = error as Error;
    throw new NotAppliedError(`the allowed hosts could not be read: ${message}`, { cause: error });
  });
  const { method, url, headers, body } = fillSecrets(given, secret);
  const onlyReads = method === 'GET' || method === 'HEAD';
  const answer = await request(
    { method, url, body, headers: { ...headers, ...(!onlyReads && { 'idempotency-key': key }) } },
    { hosts, signal, timeoutMs: timeout_seconds * 1000 },
  );
  return { ...answer, host: new URL(url).host };
}

const isExpected = (status: number, expect?: number[]) =>
  expect ? expect.includes(status) : status >= 200 && status < 300;

/** Whether the server certainly did not do what was asked. After a time-out of the server (408) this is not known. */
const isRefusal = (status: number) => status >= 400 && status < 500 && status !== 408;

type Answer = Awaited<ReturnType<typeof send>>;

async function deliver(
  outgoing: RequestParams,
  all: Params,
  context: RemedyContext,
): Promise<Answer> {
  let answer: Answer;
  try {
    answer = await send(outgoing, all, context);
  } catch (error) {
    if (error instanceof OutboundError && !error.sent) throw new NotAppliedError(error.message);
    throw error;
  }
  if (isExpected(answer.status, outgoing.expect)) return answer;
  const what = `${outgoing.method} ${answer.host} answered ${answer.status}`;
  throw isRefusal(answer.status) ? new NotAppliedError(what) : new Error(what);
}

/** A cut ends with `…`. If the cut goes through a secret, redaction recognises the secret's beginning by this mark. */
const evidence = (what: string, { method }: RequestParams, { status, host, body }: Answer) => ({
  summary: `${what} ${method} ${host}: ${status}`,
  before: null,
  after: { status, body: body.length > maxBodyKept ? `${body.slice(0, maxBodyKept)}…` : body },
});

export const sendHttpRequest = defineRemedy<Params>({
  name: 'http.request',
  title: 'Send an HTTP request',
  risk: ({ undo }) => (undo ? 'reversible' : 'irreversible'),
  outside: true,
  secrets: true,
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
    if (!given.undo) throw new NotAppliedError('this entry names no request that undoes it');
    // A different key, because to the receiver this is another request.
    const withOtherKey = { ...context, key: `${context.key}-undo` };
    return evidence('undid it with', given.undo, await deliver(given.undo, given, withOtherKey));
  },
});
