/**
 * A template is what all messages of a group have in common: their words in order, without what varies. Its tokens are words
 * as the first message wrote them, `value` where messages hold a number, an address, a path or another value, and `anyWord`
 * where enough templates differed in one word and became one. A message cannot hold either of the two: `<` and `>` are no
 * parts of words.
 */
export const value = '<v>';
export const anyWord = '<*>';

/** As it is stored: all that a restart, or another worker, needs to go on exactly as before. */
export interface StoredTemplate {
  /** a bigint as text; the smaller one is the older one */
  readonly id: string;
  /** the type of the error, at most `maxScopeLength` characters of it; '' holds the flood of all types */
  readonly scope: string;
  /** at most `maxTokens`; empty for messages without any word or value */
  readonly tokens: readonly string[];
  /** the template that this one is an alias of. It may be an alias itself; `canonical` follows to the end */
  readonly mergedInto: string | null;
  /** true: the catch-all of a scope that has more templates than the limits allow. Messages of all kinds are in it */
  readonly flood: boolean;
  /**
   * true: an operator decided where this template belongs (merged, or split off). Messages of exactly these tokens go to it,
   * and no rule merges it or changes its tokens.
   */
  readonly pinned: boolean;
}
