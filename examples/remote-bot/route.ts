/**
 * A remote bot as a route handler, the form that Next.js and others take: POST answers the contracts `signed` and `async`, GET the
 * contract `cron`. As app/api/bots/mail/route.ts of a platform it needs nothing else; server.ts beside it serves it with plain Node.
 */
import { timingSafeEqual } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

/** What this bot watches: replace it with a look at your own platform. */
const waitingMails = (): number => Number(process.env.WAITING_MAILS ?? 0);

function look() {
  const waiting = waitingMails();
  const title = `${waiting} mails wait to be sent`;
  const found = { severity: 'high', category: 'mail', component: 'outbox', title } as const;
  return {
    name: 'mails-sent',
    examined: ['outbox'],
    findings: waiting > 100 ? [found] : [],
    figures: [{ name: 'waiting mails', value: waiting }],
  };
}

/** What is asked, as far as this bot needs it. */
interface Asked {
  callback?: { url: string; until: string };
}

/** Reports until the report is taken or refused: the address may not answer for a moment, or ask for another try with 503. */
async function report(id: string, { url, until }: NonNullable<Asked['callback']>): Promise<void> {
  const body = JSON.stringify({ checks: [look()] });
  const key = new Webhook(process.env.ROUNDSMAN_SECRET ?? '');
  while (Date.now() < Date.parse(until)) {
    const at = new Date();
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': key.sign(id, at, body),
    };
    const answer = await fetch(url, { method: 'POST', headers, body }).catch(() => null);
    if (answer !== null && answer.status !== 503) return;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
}

export async function POST(request: Request): Promise<Response> {
  const body = await request.text();
  let asked: Asked;
  try {
    // Without the variable the key is empty, which the library refuses: no request is accepted then.
    const key = new Webhook(process.env.ROUNDSMAN_SECRET ?? '');
    asked = key.verify(body, Object.fromEntries(request.headers.entries())) as Asked;
  } catch {
    return new Response('the signature does not fit', { status: 401 });
  }
  const { callback } = asked;
  if (!callback) return Response.json({ checks: [look()] });
  // Where a platform ends a route with its answer, hand this to what it has for later work (in Next.js: `after`).
  void report(request.headers.get('webhook-id')!, callback);
  return Response.json({ lease_seconds: 60 }, { status: 202 });
}

export async function GET(request: Request): Promise<Response> {
  const given = Buffer.from(request.headers.get('authorization') ?? '');
  const expected = Buffer.from(`Bearer ${process.env.CRON_SECRET}`);
  const isRight = given.length === expected.length && timingSafeEqual(given, expected);
  // Without the variable, `Bearer undefined` would be right.
  if (!process.env.CRON_SECRET || !isRight) return new Response('no', { status: 401 });
  const began = performance.now();
  const { findings } = look();
  const result = {
    status: 'completed',
    executionTimeMs: Math.round(performance.now() - began),
    checksPerformed: 1,
    issuesFound: findings.length,
    issuesFixed: 0,
    ticketsCreated: 0,
  };
  return Response.json({ success: true, bot: 'mail', executionId: crypto.randomUUID(), result });
}
