/** Tells people what of their own catalogue was left out. */
import type { Catalogue, RefusedCode } from '../../catalogue/catalogue.ts';
import { printable } from '../../ground/text.ts';
import type { Project } from '../../project/read-config.ts';
import { placeInWords } from '../../project/place.ts';
import { note } from '../terminal/print.ts';

/** So many are told beside a command's result. */
const maxTold = 5;

/** `left out: bots/hello.ts:3: there is no such import. Try: correct it` */
export const refusedInWords = (code: RefusedCode, { root }: Pick<Project, 'root'>): string =>
  printable(`left out: ${placeInWords(code, root)}: ${code.why}. Try: ${code.hint}`);

let isNoted = false;

/** Notes it on standard error, once a process. */
export function noteRefused({ refused }: Catalogue, project: Project | null): void {
  if (project === null || isNoted) return;
  isNoted = true;
  for (const code of refused.slice(0, maxTold)) note(refusedInWords(code, project));
  const others = refused.length - maxTold;
  if (others > 0) note(`and ${others} more were left out: \`npx roundsman doctor\` names all`);
}
