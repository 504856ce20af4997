/** The query that is sent in each run: how the default branch of many repositories stands. */
import { z } from '../../src/bot.ts';

/** How many commits are read of each repository. */
export const maxCommits = 12;
/** How many suites of checks are read of each head. */
const maxSuites = 15;

/** A commit, as far as GitHub knows its author: users have a login, programs often none. */
const commit = z.object({
  oid: z.string().max(64),
  committedDate: z.coerce.date(),
  author: z
    .object({ name: z.string().nullish(), user: z.object({ login: z.string() }).nullish() })
    .nullish(),
  statusCheckRollup: z.object({ state: z.string() }).nullish(),
});
export type Commit = z.infer<typeof commit>;

const suite = z.object({
  status: z.string(),
  createdAt: z.coerce.date(),
  /** null where another program than GitHub Actions has to report */
  workflowRun: z
    .object({
      databaseId: z.number().nullish(),
      url: z.string(),
      workflow: z.object({ name: z.string() }).nullish(),
    })
    .nullish(),
});
export type Suite = z.infer<typeof suite>;

const list = <Item extends z.ZodType>(item: Item) =>
  z.object({ nodes: z.array(item.nullable()).nullish() }).nullish();

export const present = <Item>(
  read: { nodes?: (Item | null)[] | null | undefined } | null | undefined,
) => (read?.nodes ?? []).filter((each): each is Item => each !== null);

export const repository = z.object({
  nameWithOwner: z.string().max(200),
  isArchived: z.boolean(),
  isDisabled: z.boolean(),
  lockReason: z.string().nullish(),
  owner: z.object({ __typename: z.string(), login: z.string() }),
  defaultBranchRef: z
    .object({
      name: z.string(),
      target: z.object({ history: list(commit), checkSuites: list(suite) }).nullish(),
    })
    .nullish(),
});
export type RepositoryAnswer = z.infer<typeof repository>;

export const rateLimit = z.object({
  cost: z.number(),
  limit: z.number(),
  remaining: z.number(),
  resetAt: z.coerce.date(),
});
export type RateLimit = z.infer<typeof rateLimit>;

export const standingFields = `
  nameWithOwner isArchived isDisabled lockReason
  owner { __typename login }
  defaultBranchRef {
    name
    target {
      ... on Commit {
        history(first: ${maxCommits}) {
          nodes { oid committedDate author { name user { login } } statusCheckRollup { state } }
        }
        checkSuites(first: ${maxSuites}) {
          nodes { status createdAt workflowRun { databaseId url workflow { name } } }
        }
      }
    }
  }`;

/** A query of many repositories, each under a name of its own: `r0`, `r1`. Their names travel as variables. */
export function queryOf(
  names: readonly string[],
  selected: string,
): { text: string; variables: Record<string, string> } {
  const parts = names.map(
    (_, at) => `r${at}: repository(owner: $o${at}, name: $n${at}) { ...Selected }`,
  );
  const declared = names.map((_, at) => `$o${at}: String!, $n${at}: String!`);
  const variables = Object.fromEntries(
    names.flatMap((name, at) => {
      const [owner = '', repo = ''] = name.split('/');
      return [
        [`o${at}`, owner],
        [`n${at}`, repo],
      ];
    }),
  );
  const text = `query(${declared.join(', ')}) {
  ${parts.join('\n  ')}
  rateLimit { cost limit remaining resetAt }
}
fragment Selected on Repository {${selected}
}`;
  return { text, variables };
}
