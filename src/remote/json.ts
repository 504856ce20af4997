/** Reads JSON from a server that is not trusted. */

/** How deep lists and objects may be nested. */
export const maxDepth = 32;

/** The answer cannot be used; the message says what is wrong with it, and repeats little of it. */
export class UnfitAnswerError extends Error {
  override readonly name = 'UnfitAnswerError';
}

/** Throws {@link UnfitAnswerError}. The depth is counted before anything is built from the text. */
export function parseBounded(text: string): unknown {
  if (depthOf(text) > maxDepth)
    throw new UnfitAnswerError(`the answer is nested deeper than ${maxDepth} levels`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's own message would repeat a part of the answer.
    throw new UnfitAnswerError(
      text.trim() === '' ? 'the answer is empty' : 'the answer is not JSON',
    );
  }
}

/** The deepest nesting of brackets outside of strings; counting ends where it is too deep. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length && deepest <= maxDepth; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, (depth += 1));
    else if (character === '}' || character === ']') depth -= 1;
  }
  return deepest;
}
