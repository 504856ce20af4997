/**
 * `node test/heal/rules/explore.ts [--histories 1000] [--scenario WORD] [--rule WORD]`: what the rules of autonomy,
 * and those that were compared with them, do to cures of known merit. The same figures every time.
 */
import { parseArgs } from 'node:util';
import { candidates } from './candidates.ts';
import { scenarios } from './scenarios.ts';
import { tableOf } from './tables.ts';

const { values: given } = parseArgs({
  options: {
    histories: { type: 'string', default: '1000' },
    scenario: { type: 'string', default: '' },
    rule: { type: 'string', default: '' },
  },
});

for (const scenario of scenarios.filter(({ name }) => name.includes(given.scenario)))
  console.log(
    `${tableOf(
      scenario,
      candidates.filter(({ name }) => name.includes(given.rule)),
      Number(given.histories),
    )}\n`,
  );
