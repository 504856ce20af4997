import { BadDefinitionError, type Catalogue } from '../catalogue/catalogue.ts';
import { catalogueNameIn } from '../contract/bot.ts';
import { namesKnown } from '../data/bots/engine.ts';
import type { Db } from '../database/connect.ts';
import { once } from '../ground/once.ts';
import { fitting } from '../ground/text.ts';
import { markBotsInError } from '../transitions/bots/mark-in-error.ts';
import { planSlots, type BotPlan } from '../transitions/bots/plan-slots.ts';
import { BadScheduleError, nextSlot, parseSchedule } from './cron.ts';
import { inspectDefinition } from './definition.ts';

/** How many bots one tick checks at most; the next ticks check the rest. */
const maxBots = 1_000;

/** PostgreSQL cannot read the text of a later time. */
const lastTime = new Date('9999-12-31T23:59:59.999Z');

export interface Planned {
  planned: number;
  refused: { name: string; reason: string }[];
  /** bots that could not be checked because of an error of the engine itself, which says nothing about their definition */
  failed: { name: string; error: unknown }[];
}

/**
 * Checks active bots whose definition is new or was edited. A bot that can run gets its next slot, which may be claimed. A bot
 * that cannot run is set to `error` with the field and the reason, and the other bots are planned. Only an error that says
 * that the definition is bad does this: after any other error the bot stays as it is, and the next tick checks it again. The
 * next slot is the first one since the edit, even if it has passed by now: the claim's catch-up decides about it. A slot that
 * was due before the edit is kept: it is claimed, and followed by the slots of the new schedule.
 */
export async function planBots(db: Db, catalogue: Catalogue): Promise<Planned> {
  const rows = await db
    .selectFrom('bots')
    .select(['id', 'name', 'schedule_cron', 'timezone', 'api_endpoint', 'config'])
    .select(['definition_version', 'next_slot_at', 'planned_from'])
    .where('status', '=', 'active')
    .where((where) =>
      where.or([
        where('checked_version', '<>', where.ref('definition_version')),
        where('next_slot_at', 'is', null),
        where('next_execution_at', 'is', null),
      ]),
    )
    .orderBy('id')
    .limit(maxBots)
    .execute();

  const known = once(() => namesKnown(db));
  const isKnownElsewhere = async (endpoint: string): Promise<boolean> => {
    const name = catalogue.botAt(endpoint) ? undefined : catalogueNameIn(endpoint);
    return name !== undefined && (await known()).has(name);
  };
  const plans: BotPlan[] = [];
  const refused: { id: string; version: number; name: string; reason: string }[] = [];
  const failed: Planned['failed'] = [];
  for (const row of rows) {
    try {
      // While processes are restarted with new code, one after the other: the schedule is all that this one can read of such a bot, and a
      // run of it is executed where it is known.
      const schedule = (await isKnownElsewhere(row.api_endpoint))
        ? parseSchedule(row.schedule_cron, row.timezone)
        : inspectDefinition(row, catalogue);
      const slot = row.next_slot_at ?? nextSlot(schedule, row.planned_from);
      const following = nextSlot(schedule, slot);
      // One slot that PostgreSQL cannot store would stop all bots from being planned.
      if (following > lastTime)
        throw new BadDefinitionError(
          'next_slot_at',
          'the slot after it is later than the year 9999',
          'give the bot a schedule, which plans it anew',
        );
      plans.push({ id: row.id, version: row.definition_version, slot, following });
    } catch (error) {
      if (!(error instanceof BadScheduleError || error instanceof BadDefinitionError)) {
        failed.push({ name: row.name, error });
        continue;
      }
      // A message may be cut in the middle of a character, which would make the update of all bots fail.
      const reason = fitting(error.why, 2_000);
      refused.push({ id: row.id, version: row.definition_version, name: row.name, reason });
    }
  }
  const planned = plans.length > 0 ? await planSlots(db, plans) : [];
  const stopped = new Set(refused.length > 0 ? await markBotsInError(db, refused) : []);
  return {
    planned: planned.length,
    refused: refused
      .filter(({ id }) => stopped.has(id))
      .map(({ name, reason }) => ({ name, reason })),
    failed,
  };
}
