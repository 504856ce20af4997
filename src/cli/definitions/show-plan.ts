/** A plan for a person, and as data. */
import { counted, printable } from '../../ground/text.ts';
import { maskedFields, shown } from '../../services/definitions/shown.ts';
import type { Change, Plan } from '../../services/definitions/planning/change.ts';
import { note, paint, say } from '../terminal/print.ts';

const signs = {
  add: ['+', 'green'],
  change: ['~', 'yellow'],
  rename: ['~', 'yellow'],
  remove: ['-', 'red'],
} as const;

export function showPlan({ changes, same, notes, hash }: Plan): void {
  for (const each of notes) note(printable(each));
  for (const change of changes) showChange(change);
  if (changes.length === 0)
    return say(`Nothing differs: ${counted(same.length, 'definition')} as the files say.`);
  const counts = (['add', 'change', 'rename', 'remove'] as const).flatMap((action) => {
    const count = changes.filter((each) => each.action === action).length;
    return count > 0 ? [`${count} to ${action}`] : [];
  });
  say(`\n${counts.join(', ')}, ${same.length} the same. Plan ${hash}.`);
}

function showChange(change: Change): void {
  const { kind, name, action, before, asks, consequences } = change;
  const [sign, colour] = signs[action];
  const isCalled = action === 'remove' && before!.name !== name;
  const was =
    action === 'rename'
      ? ` (was ${printable(before!.name)})`
      : isCalled
        ? ` (called ${printable(before!.name)} now)`
        : '';
  say(`${paint(colour, sign)} ${kind.kind} ${paint('bold', printable(name))}${was}`, '    ');
  for (const { field, before: old, after } of maskedFields(change))
    say(
      action === 'add'
        ? `    ${field}: ${shown(after)}`
        : `    ${field}: ${shown(old)} -> ${shown(after)}`,
      '      ',
    );
  for (const line of consequences) say(`    ${paint('dim', printable(line))}`, '      ');
  if (asks !== null) say(`    ${paint('yellow', printable(asks))}`, '      ');
}

/** The plan with the names of columns that other documents have. */
export const planAsData = ({ set, changes, same, notes, hash }: Plan) => ({
  plan: hash,
  set,
  changes: changes.map((change) => ({
    kind: change.kind.kind,
    name: change.name,
    action: change.action,
    was: change.action === 'rename' ? change.before!.name : null,
    fields: maskedFields(change),
    consequences: change.consequences,
    asks: change.asks,
    ...placeOf(change.written),
  })),
  same: same.length,
  notes,
});

function placeOf(written: Change['written']) {
  if (!written) return { file: null, line: null };
  const { place, line } = written.problem('');
  return { file: place, line };
}
