import { listMaintenance, type ListedMaintenance } from '../../data/bots/bot-maintenance.ts';
import { endMaintenance as endWhole, endOccurrence } from '../../data/maintenance/occurrences.ts';
import type { Db } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { shortId, time } from '../../ground/text.ts';
import { authorise, type Actor } from '../actor.ts';
import { maintenanceIdOf } from '../references/by-id.ts';

/** The window is over, or it has a schedule and none of its occurrences is in force. */
export class MaintenanceOverError extends RoundsmanError {}

export interface EndedMaintenance {
  maintenance: ListedMaintenance;
  /** whether only its present occurrence was ended, so that the window comes again */
  comesAgain: boolean;
  /** whether it was in force until now */
  wasInForce: boolean;
}

/**
 * Ends a maintenance window, also one that is still to come. Of a window with a schedule only the present occurrence ends, unless
 * `all`: a person who has finished tonight's work does not mean next week's. For operators. Throws NotFoundError,
 * AmbiguousIdError, {@link MaintenanceOverError}.
 */
export async function endMaintenance(
  { db, actor }: { db: Db; actor: Actor },
  { window: given, all = false }: { window: string; all?: boolean | undefined },
): Promise<EndedMaintenance> {
  authorise(actor, 'end maintenance windows', 'operator');
  const id = await maintenanceIdOf(db, given);
  const read = async () => (await listMaintenance(db, { all: true, limit: 1, id }))[0]!;
  const { schedule_cron, in_force: wasInForce } = await read();
  const comesAgain = !all && schedule_cron !== null;
  const ended = await (comesAgain ? endOccurrence : endWhole)(db, id, actor.name);
  const maintenance = await read();
  if (ended) return { maintenance, comesAgain, wasInForce };
  throw notInForce(maintenance);
}

function notInForce({
  id,
  ended_at,
  ended_by,
  schedule_cron,
  starts_at,
  ends_at,
}: ListedMaintenance) {
  const short = shortId(id);
  const what = `maintenance ${short} cannot be ended`;
  if (ended_at)
    return new MaintenanceOverError({
      what,
      why: `${ended_by ?? 'a person'} ended it at ${time(ended_at)} UTC`,
      hint: '`npx roundsman maintenance list` shows what is in force or to come',
    });
  if (schedule_cron === null)
    return new MaintenanceOverError({
      what,
      why: `it ended at ${time(ends_at)} UTC`,
      hint: '`npx roundsman maintenance list` shows what is in force or to come',
    });
  return new MaintenanceOverError({
    what: `no occurrence of maintenance ${short} was ended`,
    why: `none is in force now; the next one begins at ${time(starts_at)} UTC`,
    hint: `\`npx roundsman maintenance end ${short} --all\` ends it for good`,
  });
}
