import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { remedies } from '../../bots/index.ts';
import type { Remedy } from '../../src/bot.ts';

/** The risk as the page has it. A risk that depends on the parameters is given without parameters, and with an undo. */
function riskOf({ risk, outside }: Remedy): string {
  const place = outside ? ', outside' : '';
  if (typeof risk === 'string') return risk + place;
  return `${risk({})}${place}; ${risk({ undo: {} })} with \`undo\``;
}

test('docs/remedies.md has a row for each remedy of the catalogue, with its risk and its title', () => {
  const page = readFileSync(new URL('../../docs/remedies.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('\n## Remedies'), page.indexOf('\n### Effects outside'));
  const rows = [...section.matchAll(/^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \|$/gm)].map(
    ([, name, risk, title]) => [name, risk, title],
  );
  const known = remedies.map((each) => [each.name, riskOf(each), each.title]);
  expect(rows).toEqual(known.toSorted(([a], [b]) => (a! < b! ? -1 : 1)));
});
