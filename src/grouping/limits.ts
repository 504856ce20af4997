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
  /** stored templates of one scope, with its aliases: messages that become one again and again leave an alias each time */
  readonly maxStoredOfScope: number;
  /** stored templates of all scopes, with aliases: so many are loaded */
  readonly maxStored: number;
}

export const defaultLimits: MinerLimits = Object.freeze({
  maxMessageLength: 8_192,
  maxTokens: 256,
  maxScopeLength: 200,
  maxTemplatesOfScope: 1_000,
  maxTemplates: 20_000,
  maxStoredOfScope: 4_000,
  maxStored: 40_000,
});
