/**
 * Roundsman's own signs that are not ASCII, and what stands for them on a terminal that shows no more than that. Texts from rows
 * stay as they are.
 */

interface Signs {
  /** something is cut, or left out */
  ellipsis: string;
  /** between facts on one line */
  dot: string;
  /** one character for each height, the lowest first */
  heights: string;
  /** of no height */
  none: string;
  /** a part of a bar: one that is full, one that is not, and one that is empty */
  full: string;
  low: string;
  left: string;
  /** a moment, and the rest of a line of time */
  moment: string;
  rest: string;
}

const unicode: Signs = {
  ellipsis: '…',
  dot: '·',
  heights: '▁▂▃▄▅▆▇█',
  none: '·',
  full: '█',
  low: '▁',
  left: '░',
  moment: '▏',
  rest: '·',
};

const ascii: Signs = {
  ellipsis: '...',
  dot: '|',
  heights: '_:-=+*%#',
  none: '.',
  full: '#',
  low: '_',
  left: '.',
  moment: '|',
  rest: '.',
};

export const signsOf = (isUnicode: boolean): Signs => (isUnicode ? unicode : ascii);

/** Whether a terminal shows more than ASCII, as its locale says; a terminal of type "dumb" does not. */
export function hasUnicode(env: NodeJS.ProcessEnv = process.env): boolean {
  if (env.TERM === 'dumb') return false;
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(Boolean) ?? '';
  return /utf-?8/i.test(locale);
}

/** The signs for what is written there. A file or a pipe is UTF-8: another program reads it. */
export const signsOn = (stream: NodeJS.WriteStream = process.stdout): Signs =>
  signsOf(!stream.isTTY || hasUnicode());

export const ellipsis = (): string => signsOn().ellipsis;
