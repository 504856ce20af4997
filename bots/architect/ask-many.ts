/** Asks about many repositories with few queries. A query that fails blinds only its own repositories. */
import { GitHubError, z, type GitHub } from '../../src/bot.ts';
import { queryOf, rateLimit, type RateLimit } from './standing-query.ts';

export interface Answered<Item> {
  /** by the name that was asked */
  found: Map<string, Item>;
  /** GitHub has no repository of this name, or the token may not see it */
  missing: string[];
  /** nothing is known of these: their query failed, or what GitHub answered cannot be read */
  unread: string[];
  /** why, once for each query that failed */
  why: string[];
  points: number;
  queries: number;
  limit: RateLimit | null;
}

export const nothingAsked = <Item>(): Answered<Item> => ({
  found: new Map(),
  missing: [],
  unread: [],
  why: [],
  points: 0,
  queries: 0,
  limit: null,
});

/** Faults after which the next query may succeed: one organisation may refuse what the others allow. */
const isOwnFault = (error: unknown): error is GitHubError =>
  error instanceof GitHubError && error.fault !== 'busy' && error.fault !== 'token';

/** A query that is not answered takes 40 s with its repetition: where two in a row are not, the others are not sent in this run. */
const maxUnreached = 2;

/** Throws {@link GitHubError} where GitHub limits requests or takes no token, and where every query failed. */
export async function askMany<Item>(
  client: GitHub,
  names: readonly string[],
  perQuery: number,
  {
    fields,
    shape,
    onPart,
  }: { fields: string; shape: z.ZodType<Item>; onPart?: (share: number) => void },
): Promise<Answered<Item>> {
  const all = nothingAsked<Item>();
  let failed: GitHubError | undefined;
  let unreached = 0;
  for (let from = 0; from < names.length; from += perQuery) {
    const part = names.slice(from, from + perQuery);
    if (unreached === maxUnreached) {
      all.unread.push(...part);
      continue;
    }
    try {
      await askPart(client, part, { fields, shape }, all);
      unreached = 0;
    } catch (error) {
      if (!isOwnFault(error)) throw error;
      failed = error;
      unreached = error.fault === 'unreached' ? unreached + 1 : 0;
      all.unread.push(...part);
      all.why.push(error.message);
    }
    onPart?.(Math.min(1, (from + part.length) / names.length));
  }
  if (failed && all.unread.length === names.length) throw failed;
  return all;
}

async function askPart<Item>(
  client: GitHub,
  part: readonly string[],
  { fields, shape }: { fields: string; shape: z.ZodType<Item> },
  all: Answered<Item>,
): Promise<void> {
  const { text, variables } = queryOf(part, fields);
  all.queries += 1;
  const { data, errors } = await client.query(text, variables);
  const answer = data as Record<string, unknown>;
  const limit = rateLimit.safeParse(answer['rateLimit']).data;
  // A query costs one point at least.
  all.points += limit?.cost ?? 1;
  if (limit) all.limit = limit;
  const gone = new Set(
    errors.flatMap(({ type, path }) =>
      type === 'NOT_FOUND' && path.length === 1 ? [path[0]] : [],
    ),
  );
  const isForbidden = errors.some(({ type }) => type === 'FORBIDDEN');
  const faulty = new Set(errors.flatMap(({ path }) => (path.length > 1 ? [path[0]] : [])));
  let isOdd = false;
  part.forEach((name, at) => {
    const alias = `r${at}`;
    const read = faulty.has(alias) ? null : shape.safeParse(answer[alias]);
    if (gone.has(alias) && answer[alias] === null) all.missing.push(name);
    else if (read?.success) all.found.set(name, read.data);
    else {
      all.unread.push(name);
      isOdd = true;
    }
  });
  if (isOdd)
    all.why.push(
      isForbidden
        ? 'The token may not read all that is asked for (the page github.md of the documentation lists the permissions)'
        : 'GitHub answered a part of a query with an error',
    );
}
