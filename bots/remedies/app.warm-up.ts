/**
 * Asks an app for its page once, so that a server that was stopped for lack of visits starts again. The address is the app's
 * `deployment_url`, which an admin of the platform has set: no text of a finding becomes a part of it.
 */
import { defineRemedy, NotAppliedError, OutboundError, request, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { readHttpHosts } from '../parts/http-hosts.ts';

const params = z.strictObject({
  timeout_seconds: z
    .int()
    .min(1)
    .max(60)
    .default(30)
    .describe('how many seconds the app may take to answer: a cold start is slow'),
});

/** Throws {@link NotAppliedError} where the finding is about no app, or the app has no address. */
async function addressOf({ db, target }: RemedyContext): Promise<string> {
  const app = await db
    .selectFrom('app_catalog')
    .select('deployment_url')
    .where('slug', '=', target.component)
    .executeTakeFirst();
  if (!app) throw new NotAppliedError(`there is no app ${target.component}`);
  const address = app.deployment_url?.trim() ?? '';
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new NotAppliedError(`${target.component} has no http or https address`);
  return address;
}

export const warmUpApp = defineRemedy({
  name: 'app.warm-up',
  title: 'Ask an app once, so that it starts',
  risk: 'safe',
  outside: true,
  params,
  // Whether it was done is not asked: to read a page once more does no harm.
  isDone: async () => false,
  async apply({ timeout_seconds }, context) {
    const url = await addressOf(context);
    const { component: app } = context.target;
    try {
      const { status, ms } = await request(
        { method: 'GET', url },
        {
          hosts: await readHttpHosts(context.db),
          publicly: true,
          signal: context.signal,
          timeoutMs: timeout_seconds * 1_000,
          // Only the beginning of the page is read: its status is what counts.
          maxBytes: 1_024,
          cut: true,
        },
      );
      const took = Math.round(ms);
      return {
        summary: `asked ${app}: ${status} after ${took} ms`,
        before: null,
        after: { status, ms: took },
      };
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      if (error.fault === 'refused' || !error.sent) throw new NotAppliedError(error.message);
      // The request may have started the app all the same; whether it helped is what the check says.
      return {
        summary: `asked ${app}, without an answer: ${error.message}`,
        before: null,
        after: { status: null, fault: error.fault },
      };
    }
  },
});
