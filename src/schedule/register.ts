import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Bot } from '../contract/bot.ts';
import type { Db } from '../database/connect.ts';
import { hasPlatform } from '../database/migrate/extent.ts';
import { addBots } from '../transitions/bots/add.ts';
import { leaveBotsOff, tablesMissing } from '../transitions/bots/leave-off.ts';
import { takeBotsUp } from '../transitions/bots/take-up.ts';
import { registerKnowledge } from '../transitions/knowledge/register.ts';

/**
 * Inserts the catalogue's bots and knowledge that were never registered, by their `catalogue_name`: what a person has
 * renamed or removed does not come back. Existing rows stay as they are: an admin's edit, a status, or the deletion of a
 * setting is never overwritten; but a bot that needs tables which the database does not have is off, and on again once it
 * has them. Returns the names of what was inserted.
 */
export async function registerCatalogue(
  db: Db,
  { bots }: Catalogue,
): Promise<{ bots: string[]; knowledge: string[] }> {
  const whole = await hasPlatform(db);
  const lacking = ({ needs }: Bot) => (whole ? undefined : needs);
  // Locks names in their order, for another process may insert the same ones, with a catalogue of another version.
  const seeds = byName(bots.flatMap((bot) => bot.knowledge ?? []));
  const insertedBots = await addBots(
    db,
    byName(bots).map((bot) => ({
      name: bot.name,
      catalogue_name: bot.name,
      display_name: bot.displayName,
      description: bot.description,
      schedule_cron: bot.schedule,
      api_endpoint: `/api/bots/${bot.name}`,
      ...(bot.timeoutSeconds ? { timeout_seconds: bot.timeoutSeconds } : {}),
      ...(lacking(bot) && {
        status: 'disabled' as const,
        status_reason: tablesMissing(lacking(bot)!),
      }),
    })),
  );
  if (whole) await takeBotsUp(db);
  else await leaveBotsOff(db, bots.flatMap(offOf));
  const knowledge = await registerKnowledge(
    db,
    seeds.map(({ name, category, pattern, solution, autonomy }) => ({
      name,
      catalogue_name: name,
      category,
      issue_pattern: pattern,
      solution,
      autonomy,
    })),
  );
  return { bots: insertedBots.map((row) => row.name), knowledge };
}

const byName = <Named extends { name: string }>(all: readonly Named[]): Named[] =>
  all.toSorted((a, b) => (a.name < b.name ? -1 : 1));

const offOf = ({ name, needs }: Bot) =>
  needs ? [{ endpoints: [`/api/bots/${name}`, `bot:${name}`], reason: tablesMissing(needs) }] : [];
