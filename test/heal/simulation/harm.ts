/**
 * `node test/heal/simulation/harm.ts [--histories 100]`: how often the rule for harm blames an entry that does none,
 * and how soon one that does, beside a plain comparison with the rest of the time.
 */
import { parseArgs } from 'node:util';
import { history, type World } from './harm-histories.ts';
import { busy, harmful, innocent, late, partly } from './harm-worlds.ts';

const { values: given } = parseArgs({
  options: { histories: { type: 'string', default: '100' } },
});
const histories = Number(given.histories);

const share = (days: (number | null)[]) =>
  `${Math.round((days.filter((day) => day !== null).length / days.length) * 100)} %`;

const median = (days: (number | null)[]) => {
  const known = days.filter((day) => day !== null).toSorted((a, b) => a - b);
  return known.length === 0 ? '–' : known[known.length >> 1]!;
};

function lines(worlds: World[], from: number) {
  for (const world of worlds) {
    const all = Array.from({ length: histories }, (_, seed) => history(world, seed + 1));
    const rule = all.map((each) => each.rule);
    const hours = median(rule.map((day) => day && (day - from) * 24));
    console.log(
      `| ${world.name} | ${share(all.map((each) => each.plain))} | ${share(rule)} | ` +
        `${typeof hours === 'number' ? hours.toFixed(0) : hours} |`,
    );
  }
}

console.log('| innocent, in 30 days | plain | rule | hours |\n| --- | ---: | ---: | ---: |');
lines(innocent, 0);
lines(busy, 0);
console.log('\n| harmful, in 2 days | plain | rule | hours |\n| --- | ---: | ---: | ---: |');
lines(harmful, 7);
console.log('\n| partly, in 30 days | plain | rule | hours |\n| --- | ---: | ---: | ---: |');
lines(partly, 0);
console.log('\n| late, in 4 days | plain | rule | hours |\n| --- | ---: | ---: | ---: |');
lines(late, 7);
