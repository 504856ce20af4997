/** Text in HTML and SVG, as content and in attributes. */
import { printable } from '../ground/text.ts';

/** A command of Roundsman's own within a sentence. */
export const command = /`(npx roundsman[^`]*)`/;

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** One line of foreign text that means only itself. */
export const escaped = (text: string): string =>
  printable(text).replaceAll(/[&<>"']/g, (sign) => entities[sign]!);

/** Commands in backquotes become code; other backquotes are text. */
export const withCommands = (text: string): string =>
  text
    .split(command)
    .map((piece, index) => (index % 2 === 1 ? `<code>${escaped(piece)}</code>` : escaped(piece)))
    .join('');
