import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Bot } from '../contract/bot.ts';
import type { Db } from '../database/connect.ts';
import { hasPlatform } from '../database/migrate/extent.ts';
import { addBots } from '../transitions/bots/add.ts';
import { leaveBotsOff, tablesMissing } from '../transitions/bots/leave-off.ts';
import { enableLeftOffBots } from '../transitions/bots/enable-left-off.ts';
import { registerKnowledge } from '../transitions/knowledge/register.ts';

/**
 * Inserts the catalogue's bots and entries of knowledge that were never registered, by their `catalogue_name`: what a person
 * has renamed or removed is not inserted again. Existing rows stay as they are: an admin's edit, a status, or the deletion of a
 * setting is never overwritten. The exception: a bot that needs tables which the database does not have is disabled, and
 * enabled again once the database has them. Returns the names of the rows that were inserted.
 */
export async function registerCatalogue(
  db: Db,
  { bots }: Catalogue,
): Promise<{ bots: string[]; knowledge: string[] }> {
  const hasTables = await hasPlatform(db);
  const missingTables = ({ needs }: Bot) => (hasTables ? undefined : needs);
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
      confirm: bot.confirm ?? 1,
      clear: bot.clear ?? 1,
      ...(bot.shipsPaused !== undefined && {
        status: 'paused' as const,
        status_reason: bot.shipsPaused,
      }),
      ...(missingTables(bot) && {
        status: 'disabled' as const,
        status_reason: tablesMissing(missingTables(bot)!),
      }),
    })),
  );
  if (hasTables) await enableLeftOffBots(db);
  else await leaveBotsOff(db, bots.flatMap(leftOffOf));
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

const leftOffOf = ({ name, needs }: Bot) =>
  needs ? [{ endpoints: [`/api/bots/${name}`, `bot:${name}`], reason: tablesMissing(needs) }] : [];
