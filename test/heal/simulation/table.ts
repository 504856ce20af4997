/** The tables of docs/healing.md. */
import { cures } from './cures.ts';
import type { Earlier } from './earlier-rule.ts';
import type { Fate, Outcome, Tally } from './measure.ts';

/** One seed, healed in both ways. */
export interface Pair {
  ours: Outcome;
  earlier: Earlier;
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
const number = (value: number): string => Math.round(value).toLocaleString('en');

function median(values: (number | null)[]): string {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  return known.length > 0 ? String(known[known.length >> 1]) : '–';
}

const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;

/** Both ways side by side, all seeds together. */
export function comparison(pairs: Pair[]): string {
  const ours = pairs.map(({ ours }) => ours.ours);
  const theirs = pairs.map(({ earlier }) => earlier.tally);
  const line = (what: string, of: (tally: Tally) => number) =>
    row(what, number(sum(ours.map(of))), number(sum(theirs.map(of))));
  const alone = sum(pairs.flatMap(({ ours }) => ours.fates.map(({ alone }) => alone.wrong)));
  return [
    row('all seeds together', 'Roundsman', 'earlier rule'),
    row('---', '---:', '---:'),
    line('heals that held', ({ held }) => held),
    line('wrong heals', ({ wrong }) => wrong),
    row('of these without asking anybody', number(alone), '–'),
    line('tickets', ({ tickets }) => tickets),
    line('hours in which a component was broken', ({ brokenMinutes }) => brokenMinutes / 60),
  ].join('\n');
}

/** What became of each cure. */
export function fates(pairs: Pair[]): string {
  return [
    row(
      'cure',
      'in truth',
      'begins',
      'auto at the end',
      'faults until it was earned / lost',
      'alone: held / wrong',
      'approved: held / wrong',
      'earlier rule: held / wrong',
    ),
    row('---', '---', '---', '---', '---', '---:', '---:', '---:'),
    ...cures.flatMap(({ name, does, risk, begins }) => {
      const all = pairs.flatMap(({ ours }) => ours.fates.filter((fate) => fate.name === name));
      if (all.length === 0) return [];
      const before = pairs.flatMap(({ earlier }) =>
        earlier.cures.filter((each) => each.name === name),
      );
      const heals = (of: (fate: Fate) => { held: number; wrong: number }) =>
        `${number(sum(all.map((each) => of(each).held)))} / ${number(sum(all.map((each) => of(each).wrong)))}`;
      return [
        row(
          `\`${name}\``,
          does,
          `${begins}, ${risk}`,
          where(all),
          `${median(all.map(({ earnedAfter }) => earnedAfter))} / ${median(all.map(({ lostAfter }) => lostAfter))}`,
          heals(({ alone }) => alone),
          heals(({ approved }) => approved),
          `${number(sum(before.map(({ held }) => held)))} / ${number(sum(before.map(({ wrong }) => wrong)))}`,
        ),
      ];
    }),
  ].join('\n');
}

/** What ended what goes in circles, and how soon, in the middle one of all seeds. */
export function loops(pairs: Pair[]): string {
  const all = pairs.flatMap(({ ours }) => ours.loops);
  const names = [...new Set(all.map(({ name }) => name))];
  const hours = (minutes: (number | null)[]) => {
    const known = minutes.filter((each) => each !== null).toSorted((a, b) => a - b);
    return known.length > 0 ? (known[known.length >> 1]! / 60).toFixed(1) : '–';
  };
  return [
    row('loop', 'heals', 'hours until it lost auto', 'hours until its ticket', 'heals afterwards'),
    row('---', '---:', '---:', '---:', '---:'),
    ...names.map((name) => {
      const each = all.filter((fate) => fate.name === name);
      return row(
        `\`${name}\``,
        median(each.map(({ heals }) => heals)),
        hours(each.map(({ lostAuto }) => lostAuto)),
        hours(each.map(({ ticket }) => ticket)),
        number(sum(each.map(({ later }) => later))),
      );
    }),
  ].join('\n');
}

/** On which of the six components, in how many of the seeds. */
function where(all: Fate[]): string {
  const everywhere = all.filter(({ autoAtEnd }) => autoAtEnd.length === 6).length;
  const nowhere = all.filter(({ autoAtEnd }) => autoAtEnd.length === 0).length;
  const some = all.filter(({ autoAtEnd }) => autoAtEnd.length % 6 !== 0);
  const names = [
    ...new Set(
      some.flatMap(({ autoAtEnd }) => autoAtEnd.map((name) => name.at(-1)!.toUpperCase())),
    ),
  ];
  const parts = [
    ...(everywhere > 0 ? [`everywhere in ${everywhere}`] : []),
    ...(some.length > 0 ? [`on ${names.toSorted().join(', ')} in ${some.length}`] : []),
    ...(nowhere > 0 ? [`nowhere in ${nowhere}`] : []),
  ];
  return parts.join(', ');
}
