import { printable } from '../../ground/text.ts';
import type { RunProgress } from '../../services/runs/show.ts';

/** A check that is at 99.9 % is not done, so a share is never rounded up. */
export const wholePercent = (share: number): string => `${Math.floor(share * 100)} %`;

/** `40 %: 12,000 of 30,000 users (check balances)`; the sentence is the check's own. */
export function progressInWords({ check_name, share, sentence }: RunProgress): string {
  const said = sentence ? `: ${printable(sentence)}` : '';
  return `${wholePercent(share)}${said} (check ${printable(check_name)})`;
}
