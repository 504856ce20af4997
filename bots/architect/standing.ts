/** How every watched repository stands. The checks of one run share one reading, which is what keeps it cheap. */
import type { CheckContext } from '../../src/bot.ts';
import { askMany, type Answered } from './ask-many.ts';
import type { Config } from './config.ts';
import { open, orSkip } from './open.ts';
import { failureIn, type Failure } from './failing-branch.ts';
import { readFailures, type FailureDetails } from './failure-details.ts';
import { readRepositories, type Repositories } from './repositories.ts';
import { repository, standingFields, type RepositoryAnswer } from './standing-query.ts';

export interface Standing {
  watched: Repositories;
  answered: Answered<RepositoryAnswer>;
  /** default branches that fail at the moment, the longest failing first */
  failures: Failure[];
  details: Map<string, FailureDetails>;
  /** of GraphQL, for all of the reading */
  points: number;
}

interface Shared {
  reading: Promise<Standing>;
  /** the checks that have used it */
  by: Set<string>;
}

/** One reading for each run, by its id and attempt. A process executes a few runs at a time. */
const shared = new Map<string, Shared>();
const maxShared = 4;

/**
 * The reading of this run. A check that asks a second time, because a remedy was applied meanwhile, gets a new one. Rejects with
 * what stopped it, for every check that shares it.
 */
export function readStanding(
  check: string,
  config: Config,
  context: CheckContext,
): Promise<Standing> {
  const name = JSON.stringify([context.run.id, context.run.attempt, config]);
  const known = shared.get(name);
  if (known && context.since === null && !known.by.has(check)) {
    known.by.add(check);
    return known.reading;
  }
  const reading = read(config, context);
  // Each check handles the rejection for itself; without a listener here the process would end.
  reading.catch(() => {});
  shared.delete(name);
  shared.set(name, { reading, by: new Set([check]) });
  for (const [oldest] of shared) {
    if (shared.size <= maxShared) break;
    shared.delete(oldest);
  }
  return reading;
}

async function read(config: Config, context: CheckContext): Promise<Standing> {
  const watched = await readRepositories(config, context);
  if (watched.names.length === 0)
    context.skip(
      'there is no repository to watch: no active app has one at this host, and the setting repositories of the architect is empty',
    );
  const client = await open(config, context);
  const answered = await askMany(client, watched.names, config.per_query, {
    fields: standingFields,
    shape: repository,
    onPart: (share) => context.progress(share * 0.9, 'default branches are read'),
  });
  const failures = [...answered.found].flatMap(
    ([name, found]) => failureIn(name, found, config) ?? [],
  );
  failures.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  const { details, points } = await readFailures(client, failures, context);
  return { watched, answered, failures, details, points: answered.points + points };
}

/** The same for a check that does not report this itself: where GitHub limits requests or refuses the token, the check is skipped. */
export const standingOf = (
  check: string,
  config: Config,
  context: CheckContext,
): Promise<Standing> => orSkip(config, context, () => readStanding(check, config, context));

/** Nothing is known about these at the moment: findings about them stay as they are. */
export const unknownIn = ({ watched, answered }: Standing): string[] => [
  ...watched.beyond,
  ...answered.missing,
  ...answered.unread,
];
