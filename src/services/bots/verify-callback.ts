/** Whether an asynchronous remote bot could report: `roundsman web` has to answer at the address that the bot is given. */
import { readWebUrl } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { messageOf } from '../../ground/errors.ts';
import { request } from '../../outbound/request.ts';
import { callbackUrl } from '../../remote/ask.ts';
import type { Point } from './verify-refusals.ts';

/** How long the listener may take to refuse a report. */
const timeoutMs = 10_000;

/**
 * The address at which the request with this id may be reported; null where no report could arrive. What was found is added to the
 * points. A report without a signature is sent there from this machine: whether the remote bot reaches the address is not known by that.
 */
export async function callbackOf(
  db: Db,
  requestId: string,
  signal: AbortSignal,
  points: Point[],
): Promise<string | null> {
  const what = 'roundsman web takes reports';
  const web = await readWebUrl(db);
  if (web === null) {
    const why =
      'its address is not set, and without it the bot is not called: `npx roundsman settings web_url https://...` sets it';
    points.push({ ok: false, what, why });
    return null;
  }
  const url = callbackUrl(web, requestId);
  const { hostname, port, protocol } = new URL(web);
  const hosts = [`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`];
  try {
    const headers = { 'content-type': 'application/json' };
    const unsigned = { method: 'POST', url, headers, body: '{}' } as const;
    const { status } = await request(unsigned, { hosts, signal, timeoutMs });
    const ok = status === 401;
    const why = ok
      ? `${web} refuses one without a signature; whether the remote bot reaches it is not checked`
      : `${web} answered ${status} to a report without a signature, and has to answer 401: is it the address of \`roundsman web\`?`;
    points.push({ ok, what, why });
    return ok ? url : null;
  } catch (error) {
    const why = `${messageOf(error)}; \`npx roundsman web\` has to run, and web_url has to lead to it`;
    points.push({ ok: false, what, why });
    return null;
  }
}
