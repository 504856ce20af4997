/** Pauses an active bot, so that it does no more harm until a person has looked at it. */
import { defineRemedy, NotAppliedError, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { targetBotName, targetBot } from '../target-bot.ts';

const params = z.strictObject({
  bot: targetBot,
  reason: z.string().min(1).max(500).default('paused by a remedy'),
});

interface Status {
  status: string;
  status_reason: string | null;
  /** as text: a Date would lose its microseconds, and with them which change was the last */
  status_changed_at: string | null;
}

type Found = Status & { id: string };

async function read(name: string, { db }: RemedyContext, lock = sql``): Promise<Found | undefined> {
  const { rows } = await sql<Found>`
    SELECT id, status, status_reason, status_changed_at::text FROM bots WHERE name = ${name} ${lock}`.execute(
    db,
  );
  return rows[0];
}

/** The part of a row that the evidence keeps. */
const statusOf = (found: Found | undefined): Status => {
  const { status, status_reason, status_changed_at } = found!;
  return { status, status_reason, status_changed_at };
};

export const pauseBot = defineRemedy({
  name: 'bot.pause',
  title: 'Pause a bot',
  risk: 'reversible',
  params,
  async isDone(given, context) {
    return (await read(targetBotName(given, context), context))?.status === 'paused';
  },
  async apply(given, context) {
    const name = targetBotName(given, context);
    const before = await read(name, context, sql`FOR NO KEY UPDATE`);
    if (!before) throw new NotAppliedError(`there is no bot ${name}`);
    if (before.status !== 'active')
      throw new NotAppliedError(`${name} is ${before.status} and not active`);
    await context.pauseBot(before.id, given.reason);
    return {
      summary: `paused ${name}`,
      before: statusOf(before),
      after: statusOf(await read(name, context)),
    };
  },
  async undo(given, context) {
    const name = targetBotName(given, context);
    const before = context.before as Status | null;
    const after = context.after as Status | null;
    if (before?.status !== 'active') throw new NotAppliedError(`${name} was not active before`);
    const current = await read(name, context, sql`FOR NO KEY UPDATE`);
    if (!current) throw new NotAppliedError(`${name} is gone`);
    if (
      current.status !== 'paused' ||
      current.status_changed_at !== after?.status_changed_at ||
      current.status_reason !== after.status_reason
    )
      throw new NotAppliedError(`${name} was changed since: it is ${current.status}`);
    await context.resumeBot(current.id);
    return {
      summary: `resumed ${name}`,
      before: statusOf(current),
      after: statusOf(await read(name, context)),
    };
  },
});
