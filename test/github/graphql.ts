/** Carries out queries by GitHub's own schema, over plain objects. */
import { readFileSync } from 'node:fs';
import {
  buildSchema,
  execute,
  GraphQLError,
  Kind,
  parse,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

let schema: GraphQLSchema | undefined;

/** 70,000 lines: read once, and only where a test needs it. */
function gitHubSchema(): GraphQLSchema {
  const file = new URL('schema.graphql', import.meta.resolve('@octokit/graphql-schema'));
  schema ??= buildSchema(readFileSync(file, 'utf8'), { assumeValid: true });
  return schema;
}

/** A field of the root, or of an object, that the state does not have. */
export const notFound = (what: string): GraphQLError =>
  new GraphQLError(`Could not resolve to ${what}`, { extensions: { type: 'NOT_FOUND' } });

/**
 * The points of a query by GitHub's documented formula: the requests that its connections need, each once for every object of the
 * connections around it, divided by 100 and rounded, one at least (docs.github.com/graphql/overview/rate-limits).
 */
export function pointsOf(document: DocumentNode): number {
  const fragments = new Map(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each.selectionSet] as const] : [],
    ),
  );
  const requestsOf = (set: SelectionSetNode, parents: number): number =>
    set.selections.reduce((sum, each) => {
      if (each.kind === Kind.FRAGMENT_SPREAD)
        return sum + requestsOf(fragments.get(each.name.value)!, parents);
      if (each.kind === Kind.INLINE_FRAGMENT) return sum + requestsOf(each.selectionSet, parents);
      if (!each.selectionSet) return sum;
      const size = each.arguments?.find(
        ({ name }) => name.value === 'first' || name.value === 'last',
      );
      if (!size) return sum + requestsOf(each.selectionSet, parents);
      const count = size.value.kind === Kind.INT ? Number(size.value.value) : 1;
      return sum + parents + requestsOf(each.selectionSet, parents * count);
    }, 0);
  const requests = document.definitions.reduce(
    (sum, each) =>
      sum + (each.kind === Kind.OPERATION_DEFINITION ? requestsOf(each.selectionSet, 1) : 0),
    0,
  );
  return Math.max(1, Math.round(requests / 100));
}

export interface Executed {
  /** why it is no query of this schema */
  invalid: string[];
  points: number;
  body: unknown;
}

export async function carryOut(
  query: string,
  variables: Record<string, unknown>,
  rootOf: (points: number) => object,
): Promise<Executed> {
  const document = parse(query);
  const invalid = validate(gitHubSchema(), document).map(({ message }) => message);
  if (invalid.length > 0) return { invalid, points: 0, body: null };
  const points = pointsOf(document);
  const result = await execute({
    schema: gitHubSchema(),
    document,
    rootValue: rootOf(points),
    variableValues: variables,
  });
  return { invalid, points, body: asGitHubWrites(result) };
}

/** GitHub writes the type of an error beside its message. A field that is broken on the server's side is no error of the state. */
function asGitHubWrites({
  data,
  errors,
}: {
  data?: unknown;
  errors?: readonly GraphQLError[];
}): unknown {
  if (!errors) return { data };
  return {
    data,
    errors: errors.map(({ message, path, extensions }) => ({
      type: extensions['type'],
      message,
      path,
    })),
  };
}
