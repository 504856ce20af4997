import { expect, test } from 'vitest';
import { corpus } from './corpus.ts';
import { groupsOf } from './store.ts';

test.each(Object.keys(corpus))(
  'messages of %s are in the groups that people would make',
  (name) => {
    const lists = corpus[name]!;
    const expected = lists.flatMap((messages, group) =>
      messages.map((message) => ({ message, group })),
    );
    const groups = groupsOf(expected.map(({ message }) => message));
    const reached = expected.map(({ message }, at) => ({ message, group: groups[at] }));
    expect(reached).toEqual(expected);
  },
);

test('the same messages in any order are in the same groups', () => {
  const all = Object.values(corpus)
    .flat(2)
    .map((message, at) => ({ message, at }));
  const partition = (order: typeof all) => {
    const groups = groupsOf(order.map(({ message }) => message));
    const members = Map.groupBy(order, (_, index) => groups[index]);
    const lists = [...members.values()].map((list) =>
      list.map(({ at }) => at).toSorted((a, b) => a - b),
    );
    return lists.toSorted((one, other) => one[0]! - other[0]!);
  };
  const shuffled = all.toSorted(
    (one, other) => ((one.at * 7_919) % 997) - ((other.at * 7_919) % 997),
  );
  expect(partition(shuffled)).toEqual(partition(all));
});
