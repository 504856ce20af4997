import { listExecutions } from '../../data/bots/bot-executions.ts';
import { countOpenFindings, listFindings } from '../../data/bots/bot-findings.ts';
import { maintenanceOfBot } from '../../data/bots/bot-maintenance.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import { abilitiesOf } from './abilities.ts';
import { scheduleInWords } from './schedule.ts';
import { currentSettings } from './settings.ts';

const maxRuns = 10;
const maxFindings = 50;

/**
 * A bot with its settings, its abilities, its newest runs, its worst open findings and how many there are, and its schedule in
 * words; also the maintenance windows in force for it, or for some of what it finds. `settings` is null if its endpoint or its
 * schema does not say which settings there are; `abilities` is null if its endpoint names no bot. Throws NotFoundError.
 */
export async function showBot(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { bot: given }: { bot: string },
) {
  const bot = await botOf(db, given);
  const runs = await listExecutions(db, { botId: bot.id, limit: maxRuns });
  const findings = await listFindings(db, { botId: bot.id, which: 'open', limit: maxFindings });
  const open = (await countOpenFindings(db, [bot.id])).get(bot.id) ?? 0;
  const maintenance = await maintenanceOfBot(db, bot.id);
  const settings = currentSettings(catalogue, bot);
  const schedule = await scheduleInWords(bot);
  const abilities = await abilitiesOf({ db, catalogue }, bot);
  const now = await currentTime(db);
  return { bot, settings, abilities, runs, findings, open, maintenance, schedule, now };
}
