import { countPendingRuns } from '../../data/bots/bot-executions.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { printable, time } from '../../ground/text.ts';
import { inspectDefinition } from '../../schedule/definition.ts';
import { pauseBot as pause } from '../../transitions/bots/pause.ts';
import { resumeBot as resume } from '../../transitions/bots/resume.ts';
import { authorise, type Actor } from '../actor.ts';
import { changing } from '../changing.ts';
import { botOf } from '../references/named.ts';
import { lackingTablesIn } from './lacking.ts';

/** The bot's status does not allow the change; `why` says what prevents it. */
export class WrongStatusError extends RoundsmanError {}

export interface ChangedStatus {
  bot: BotRow;
  /** the bot had this status already, and nothing was changed */
  unchanged: boolean;
}

/**
 * Pauses a bot: it starts no new run until it is resumed. Runs that are queued or running end as usual; `pendingRuns` is
 * their number. For operators. Throws NotFoundError, {@link WrongStatusError}.
 */
export async function pauseBot(
  { db, actor }: { db: Db; actor: Actor },
  { bot: given, reason }: { bot: string; reason: string | null },
): Promise<ChangedStatus & { pendingRuns: number }> {
  authorise(actor, 'pause bots', 'operator');
  const bot = await botOf(db, given);
  if (bot.status === 'disabled')
    throw new WrongStatusError({
      what: `${bot.name} cannot be paused`,
      why: `it ${bot.removed_at ? 'was removed' : 'is disabled'} and runs nothing anyway${bot.status_reason ? `: ${printable(bot.status_reason)}` : ''}`,
      hint: `\`npx roundsman bots enable ${bot.name}\` if it is to run again`,
    });
  if (bot.status === 'paused') return { bot, unchanged: true, pendingRuns: 0 };
  const after = await requireChange(
    db,
    bot,
    changing({ db, actor }, (trx) => pause(trx, bot, reason)),
  );
  return { bot: after, unchanged: false, pendingRuns: await countPendingRuns(db, bot.id) };
}

/**
 * Lets a bot run again, if its definition allows it to run. For operators. Throws NotFoundError, {@link
 * WrongStatusError}.
 */
export async function resumeBot(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: () => Promise<Catalogue> },
  { bot: given }: { bot: string },
): Promise<ChangedStatus> {
  authorise(actor, 'resume bots', 'operator');
  const bot = await botOf(db, given);
  if (bot.status === 'active') return { bot, unchanged: true };
  if (bot.status === 'disabled') authorise(actor, 'enable bots', 'admin');
  if (bot.removed_at)
    throw new WrongStatusError({
      what: `${bot.name} cannot be resumed`,
      why: `it was removed at ${time(bot.removed_at)} UTC`,
      hint: `\`npx roundsman bots enable ${bot.name}\` takes that back`,
    });
  const known = await catalogue();
  refuseUnrunnable(bot, known, 'resumed');
  await refuseLeftOff(db, bot, known, 'resumed');
  return {
    bot: await requireChange(
      db,
      bot,
      changing({ db, actor }, (trx) => resume(trx, bot)),
    ),
    unchanged: false,
  };
}

/** Throws {@link WrongStatusError} for a bot that the scheduler would put into error again at its next tick. */
export function refuseUnrunnable(bot: BotRow, catalogue: Catalogue, wanted: string): void {
  try {
    inspectDefinition(bot, catalogue);
  } catch (error) {
    if (!(error instanceof RoundsmanError)) throw error;
    throw new WrongStatusError(
      {
        what: `${bot.name} cannot be ${wanted}, it is ${bot.status}`,
        why: `it cannot run as it is defined: ${error.why}`,
        hint: `first correct it with \`npx roundsman bots edit ${bot.name}\`; ${error.hint}`,
      },
      { cause: error },
    );
  }
}

/** Throws {@link WrongStatusError} for a bot that the next start of a process would leave off again. */
export async function refuseLeftOff(
  db: Db,
  bot: BotRow,
  catalogue: Catalogue,
  wanted: string,
): Promise<void> {
  const lacking = (await lackingTablesIn(db, catalogue))(bot.api_endpoint);
  if (lacking === null) return;
  throw new WrongStatusError({
    what: `${bot.name} cannot be ${wanted}, it is ${bot.status}`,
    why: `only the bots are installed in this database, and it needs tables of the platform: ${lacking.join(', ')}`,
    hint: '`npx roundsman db migrate` adds them, or says what stands in the way',
  });
}

/** The changed bot. Throws {@link WrongStatusError} if another session changed the bot first. */
export async function requireChange(
  db: Db,
  { id, name, status }: BotRow,
  change: Promise<BotRow | undefined> | BotRow | undefined,
): Promise<BotRow> {
  const after = await change;
  if (after) return after;
  const current = await botOf(db, id);
  throw new WrongStatusError({
    what: `${name} was not changed`,
    why: `another command changed it first: it is ${current.status} now, it was ${status}`,
    hint: `see \`npx roundsman bots show ${name}\``,
  });
}
