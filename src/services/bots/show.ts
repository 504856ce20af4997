import { listExecutions } from '../../data/bots/bot-executions.ts';
import { listFindings } from '../../data/bots/bot-findings.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import { scheduleInWords } from './schedule.ts';

const newest = 10;
const mostFindings = 50;

/** A bot with its newest runs, its open findings and its schedule in words. Throws NotFoundError. */
export async function showBot(db: Db, { bot: given }: { bot: string }) {
  const bot = await botOf(db, given);
  const runs = await listExecutions(db, { botId: bot.id, limit: newest });
  const findings = await listFindings(db, { botId: bot.id, which: 'open', limit: mostFindings });
  return { bot, runs, findings, schedule: await scheduleInWords(bot), now: await currentTime(db) };
}
