import { printable } from '../../ground/text.ts';
import type { RunProgress } from '../../services/runs/show.ts';
import { wholePercent } from '../terminal/progress.ts';

/** `40 %: 12,000 of 30,000 users (check balances)`; the sentence is the check's own. */
export function progressInWords({ check_name, share, sentence }: RunProgress): string {
  const said = sentence ? `: ${printable(sentence)}` : '';
  return `${wholePercent(share)}${said} (check ${printable(check_name)})`;
}
