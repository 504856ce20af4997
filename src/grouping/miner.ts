/**
 * Puts messages into groups, one at a time, in one fixed configuration for all sources (docs/grouping.md). Pure: it knows no
 * table, no clock and no chance. What it answers depends only on the templates it was made from and on the messages since, in
 * their order: whoever stores what `changes` tells and makes a miner of it again goes on as if it had never stopped.
 *
 * Two miners must not add to the same scopes at the same time: each would open templates that the other does not know. The
 * caller holds a lock from the moment it reads the templates until it has stored the changes.
 */
import { defaultLimits, type MinerLimits } from './limits.ts';
import { Line } from './line.ts';
import { readable } from './readable.ts';
import { scan } from './scan.ts';
import { Templates } from './templates.ts';
import type { StoredTemplate } from './template.ts';

export interface Merge {
  /** became an alias; never changes again, unless an operator splits it off */
  readonly from: string;
  /** older than `from`; canonical at the time of the merge, may have become an alias since */
  readonly into: string;
}

export interface ChangedTokens {
  readonly id: string;
  readonly scope: string;
  readonly tokens: readonly string[];
}

export interface MinerChanges {
  /** templates that are new, as they are now, aliases too: `mergedInto` already tells their merges */
  readonly opened: readonly StoredTemplate[];
  /** aliases among the templates that were there before: set `mergedInto` of `from` */
  readonly merged: readonly Merge[];
  /** templates that were there before and have other tokens now, aliases too: store these tokens */
  readonly changed: readonly ChangedTokens[];
}

export interface Miner {
  /**
   * The canonical id of the template of a message; opens one if none fits. Never throws, whatever the text. Takes time in
   * proportion to the message's length, up to the bound. A later message may make this id an alias of an older one: ask
   * `canonical` when the batch is done.
   */
  add(scope: string, message: string): string;
  /** The end of a chain of aliases; an id that is unknown is its own canonical one. */
  canonical(id: string): string;
  /** What is new since the last call, to be stored in one transaction with the counts. */
  changes(): MinerChanges;
}

/**
 * `stored`: all templates, in any order, aliases too. `newId` draws an id that is greater than all stored ones and all it
 * drew before; gaps do not matter. Takes some 12 µs and 1.2 KB a template.
 */
export function createMiner(
  stored: Iterable<StoredTemplate>,
  newId: () => string,
  limits: Partial<MinerLimits> = {},
): Miner {
  const bounds = { ...defaultLimits, ...limits };
  const line = new Line(bounds.maxTokens);
  const templates = new Templates(stored, newId, bounds);
  return {
    add(scope, message) {
      scan(readable(message, bounds.maxMessageLength), line);
      return templates.idOf(scope, line);
    },
    canonical: (id) => templates.canonical(id),
    changes: () => templates.changes(),
  };
}
