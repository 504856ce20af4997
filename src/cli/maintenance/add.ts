import type { Severity } from '../../ground/severity.ts';
import { printable } from '../../ground/text.ts';
import {
  addMaintenance as add,
  maintenanceTextOf,
  scopeOf,
  unknownNamesIn,
  zoneOf,
  type AddedMaintenance,
} from '../../services/maintenance/add.ts';
import { actorOf } from '../arguments/actor.ts';
import { timeIn } from '../arguments/durations.ts';
import { withDatabase } from '../session/database.ts';
import { askFor, goesAhead } from '../terminal/ask.ts';
import { withDraft } from '../terminal/draft.ts';
import { asReason } from '../terminal/long-text.ts';
import { counted, facts, printJson, note, say, shortId, span } from '../terminal/print.ts';
import { scopeInWords, timeInBoth } from './words.ts';

interface AddOptions {
  from?: string;
  to?: string;
  for?: number;
  cron?: string;
  timezone?: string;
  bot?: string[];
  component?: string[];
  category?: string[];
  severity?: Severity[];
  skipRuns?: true;
  reason?: string;
  yes?: true;
  as?: string;
  json?: true;
}

export async function addMaintenance(options: AddOptions): Promise<void> {
  const scope = scopeOf(options);
  const times = timesOf(options);
  const given = options.reason === undefined ? null : maintenanceTextOf('--reason', options.reason);
  await withDraft(asReason, (draft) =>
    withDatabase(async ({ db }) => {
      // A wrong name is reported before the reason is asked for.
      const warnings = await unknownNamesIn(db, scope);
      const reason = given ?? (await askFor('--reason', 'Why', { isProse: true, draft }));
      const question = `The window may cover less than is meant: ${warnings.join('; ')}. Add it all the same?`;
      if (warnings.length > 0 && !(await goesAhead(options, question))) return draft.keepAnyway();
      const added = await add({ db, actor: actorOf(options.as) }, { scope, times, reason });
      for (const warning of added.warnings) note(warning);
      const { occurrences: _, ...window } = added.maintenance;
      if (options.json) return printJson({ ...window, covered: added.covered });
      printAdded(added);
    }),
  );
}

function timesOf({ from, to, for: seconds, cron, timezone = 'UTC' }: AddOptions) {
  const zone = zoneOf(timezone);
  const read = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : timeIn(flag, text, zone);
  return { from: read('--from', from), to: read('--to', to), for: seconds, cron, timezone: zone };
}

function printAdded({ maintenance, covered }: AddedMaintenance): void {
  const { id, starts_at, ends_at, timezone, schedule_cron, skip_runs, in_force } = maintenance;
  const { findings, tickets, slots } = covered;
  say(`Added maintenance ${shortId(id)} for ${scopeInWords(maintenance)}.`);
  const [begins, ends] = schedule_cron === null ? ['Begins', 'Ends'] : ['First', 'Until'];
  facts([
    [begins, `${timeInBoth(starts_at!, timezone)}${in_force ? ', now' : ''}`],
    [
      ends,
      `${timeInBoth(ends_at!, timezone)}, ${span(ends_at!.getTime() - starts_at!.getTime())} later`,
    ],
    ['Comes', schedule_cron && `again and again: ${printable(schedule_cron)} (${timezone})`],
    [
      in_force ? 'Holds back' : 'Would hold',
      `${counted(findings, 'open finding')} and ${counted(tickets, 'pending ticket')}${in_force ? '' : ' as of now'}: no tickets, no heals, no messages`,
    ],
    [
      'Skips',
      skip_runs
        ? `${slots.is_least ? 'more than ' : ''}${counted(slots.count, 'slot')}${schedule_cron === null ? '' : ' the first time'}`
        : null,
    ],
  ]);
  const end = `npx roundsman maintenance end ${shortId(id)}`;
  // The first occurrence of a schedule is yet to come, so that there is none to end alone.
  say(
    schedule_cron === null ? `\`${end}\` ends it earlier.` : `\`${end} --all\` ends it for good.`,
  );
}
