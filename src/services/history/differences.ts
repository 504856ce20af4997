/** Where two definitions differ. */

/** One place in a definition. */
export interface Difference {
  /** `schedule_cron`; within a document the keys that lead there, as `config.days` */
  path: string;
  /** undefined where there was none */
  before: unknown;
  /** undefined where there is none any more */
  after: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The places at which values differ, in the order of their keys; a list is one value. */
export function differencesBetween(before: unknown, after: unknown, path = ''): Difference[] {
  if (!isObject(before) || !isObject(after))
    return sameValue(before, after) ? [] : [{ path, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    differencesBetween(before[key], after[key], path === '' ? key : `${path}.${key}`),
  );
}

/** Whether two values of JSON are the same. */
const sameValue = (a: unknown, b: unknown): boolean => inOrder(a) === inOrder(b);

const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    isObject(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  ) ?? '';
