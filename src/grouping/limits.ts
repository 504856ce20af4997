/** Bounds of what one miner reads and remembers. What is beyond them is cut off, or goes to a flood template. */
export interface MinerLimits {
  /** characters of a message that are read; the rest does not tell messages apart */
  readonly maxMessageLength: number;
  /** tokens of a message that are read */
  readonly maxTokens: number;
  /** characters of a scope; two types that differ only after them share their templates */
  readonly maxScopeLength: number;
  /** templates of one scope, its aliases not counted, before what is new there goes to its flood template */
  readonly maxTemplatesOfScope: number;
  /** templates of all scopes, before what is new anywhere goes to a flood template */
  readonly maxTemplates: number;
}

export const defaultLimits: MinerLimits = Object.freeze({
  maxMessageLength: 8_192,
  maxTokens: 256,
  maxScopeLength: 200,
  maxTemplatesOfScope: 1_000,
  maxTemplates: 20_000,
});
