/** Texts that the writer of the YAML library would write as a block that reads back as another text, or not at all. */
import { createRequire } from 'node:module';
import type { Document } from 'yaml';

// The library writes several lines as a block, and a block whose first line is blank without the indicator of its
// indentation: spaces of that line are lost, or a reader refuses it.
const beginsWithBlankLine = /^[ \t]*\n/;

// Most commands write no YAML, so the library is loaded when the first one does.
const load = createRequire(import.meta.url);

/** Puts such texts of the document in double quotes, and with them all for which `also` says so. */
export function quoteTexts(
  document: Document,
  also: (text: string) => boolean = () => false,
): void {
  const { visit } = load('yaml') as typeof import('yaml');
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string') return;
      if (beginsWithBlankLine.test(node.value) || also(node.value)) node.type = 'QUOTE_DOUBLE';
    },
  });
}
