/** Links and headings of Markdown, as far as our pages use them. */

/** Examples are no links; each line stays a line. */
const withoutFences = (markdown: string): string => markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
const withoutCode = (line: string): string => line.replaceAll(/`[^`\n]*`/g, 'code');

/** Where links and pictures lead, those to other sites left out. */
export const relativeLinks = (markdown: string): string[] =>
  [...withoutCode(withoutFences(markdown)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, to]) => to!)
    .filter((to) => !/^[a-z]+:/i.test(to));

/** What the headings are called behind a `#`, as GitHub makes it of their text. */
export function anchors(markdown: string): Set<string> {
  const taken = new Map<string, number>();
  return new Set(
    [...withoutFences(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, title]) => {
      const text = title!.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');
      const before = taken.get(anchor) ?? 0;
      taken.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
}
