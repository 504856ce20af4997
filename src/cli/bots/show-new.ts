/** What a bot that is being added would do, before it is added. All of it stands on standard error, beside the questions. */
import { printable } from '../../ground/text.ts';
import { flagOf } from '../../services/bots/definition.ts';
import type { GivenBot } from '../../services/bots/add.ts';
import type { SchedulePreview } from '../../services/bots/preview.ts';
import { inZone, note } from '../terminal/print.ts';
import { shellWord } from '../../ground/files/shell-word.ts';
import { isOwnZone, ownZone } from '../terminal/times.ts';

/** The schedule in words, and its next times in the bot's zone and in the person's own. */
export function tellSchedule({ words, zone, next }: SchedulePreview): void {
  note(`it would run: ${printable(words)}`);
  const isOwn = isOwnZone(zone);
  note(isOwn ? `next (${zone}):` : `next (${printable(zone)}, and in ${ownZone()}):`);
  for (const slot of next)
    note(`  ${inZone(slot, zone)}${isOwn ? '' : `   ${inZone(slot)}`}`, '    ');
}

/** The same as one command, which asks nothing. */
export function asCommand(name: string, { set = [], ...definition }: GivenBot): string {
  const options = Object.entries(definition)
    .filter(([, value]) => value !== undefined)
    .flatMap(([option, value]) => [
      flagOf(option),
      // Options of a duration are seconds here, and are typed with their unit.
      ['grace', 'jitter', 'timeout'].includes(option) ? `${value}s` : String(value),
    ]);
  const settings = set.flatMap((each) => ['--set', each]);
  return ['npx', 'roundsman', 'bots', 'add', name, ...options, ...settings]
    .map(shellWord)
    .join(' ');
}
