import { printable } from '../../ground/text.ts';
import type { ListedSource } from '../../services/sources/read.ts';
import { paint, say } from '../terminal/print.ts';

/** What the settings of a source lack, a line each, with what to do. */
export function sayLacks({ name, lacks }: Pick<ListedSource, 'name' | 'lacks'>): void {
  for (const each of lacks) say(paint('yellow', `  lacks     ${printable(each)}`), '            ');
  if (lacks.length > 0)
    say(
      `  \`npx roundsman bots edit ${name} --set 'firing=["TYPE"]' --set 'resolved=["TYPE"]'\` sets them.`,
      '  ',
    );
}
