/** Finds links and headings in Markdown, as far as our pages use them. */

/** The page without its code blocks, because links in examples are no links. */
const withoutFences = (markdown: string): string => markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
const withoutCode = (line: string): string => line.replaceAll(/`[^`\n]*`/g, 'code');

/** The targets of links and pictures, without those on other sites. */
export const relativeLinks = (markdown: string): string[] =>
  [...withoutCode(withoutFences(markdown)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, to]) => to!)
    .filter((to) => !/^[a-z]+:/i.test(to));

/** The anchors of the headings, as GitHub makes them from their text. */
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
