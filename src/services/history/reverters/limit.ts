import { changeLimit, limitOf } from '../../limits/change.ts';
import { refuseAbsent, type Reverter, type Wanted } from './reverter.ts';

export const limitReverter: Reverter = {
  columns: null,
  consequences(_, wanted) {
    const { limit } = limitIn(wanted);
    return Promise.resolve([`it counts from the next decision on: ${limit.meaning}`]);
  },
  write: (context, wanted) => changeLimit(context, limitIn(wanted)),
};

/** Throws UsageError for a value that may not be set any more. */
function limitIn(wanted: Wanted): ReturnType<typeof limitOf> {
  const { named, definition } = wanted;
  if (!definition)
    throw refuseAbsent(
      wanted,
      'without it the gate that uses it stays closed; `npx roundsman limits` shows the usual value',
    );
  return limitOf(named.definition, String(definition.value));
}
