/** Which repositories a slow check looks at in this run: the next ones in turn, so that all of them are looked at within some time. */
import { z } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';
import type { Config } from './config.ts';
import { orSkip } from './open.ts';
import { readStanding } from './standing.ts';
import type { RepositoryAnswer } from './standing-query.ts';

/** Runs of a day at every fifteen minutes. */
const runsADay = 96;

const memory = z.object({ after: z.string().max(200) });

export interface Turn {
  /** those of this run */
  names: string[];
  /** all that are there, are not archived, and take turns */
  all: string[];
  remember: z.infer<typeof memory>;
}

/** The next names after the one that was looked at last; the first ones follow on the last. */
export function nextInTurn(all: string[], remembered: unknown, days: number): Turn {
  const after = memory.safeParse(remembered).data?.after ?? '';
  const count = Math.min(all.length, Math.ceil(all.length / Math.max(1, days * runsADay)));
  const found = all.findIndex((name) => name > after);
  const begin = found === -1 ? 0 : found;
  const names = [...all.slice(begin), ...all.slice(0, begin)].slice(0, count);
  return { names, all, remember: { after: names.at(-1) ?? '' } };
}

/** The names of the repositories that can have what slow checks look for. */
export async function activeRepositories(
  check: string,
  config: Config,
  context: CheckContext,
): Promise<{ all: string[]; found: Map<string, RepositoryAnswer> }> {
  const { answered } = await orSkip(config, context, () => readStanding(check, config, context));
  const all = [...answered.found].flatMap(([name, { isArchived, isDisabled }]) =>
    isArchived || isDisabled ? [] : [name],
  );
  return { all: all.toSorted(), found: answered.found };
}
