/** Reads security alerts: of an organisation as a whole, or of one repository of a user. */
import { GitHubError, z, type GitHub } from '../../src/bot.ts';

/** Pages of 100 alerts, of each organisation and kind. */
const maxPages = 2;

const named = z.object({ full_name: z.string() });

const dependabot = z.object({
  number: z.int(),
  created_at: z.coerce.date(),
  dependency: z.object({ scope: z.string().nullish() }),
  security_advisory: z.object({ ghsa_id: z.string(), severity: z.string() }),
  repository: named.optional(),
});
const leaked = z.object({
  number: z.int(),
  created_at: z.coerce.date(),
  html_url: z.string().optional(),
  secret_type: z.string().nullish(),
  validity: z.string().nullish(),
  repository: named.nullish(),
});
export interface Read {
  dependencies: { name: string; alert: z.infer<typeof dependabot> }[];
  secrets: { name: string; alert: z.infer<typeof leaked> }[];
  /** names of the repositories whose alerts of this kind are known completely */
  known: { dependencies: Set<string>; secrets: Set<string> };
  /** owners or repositories that the token may not ask, with what it was asked for */
  closed: { of: string; kind: Kind }[];
}
export type Kind = 'dependencies' | 'secrets';

/** 403 and 404: the token may not ask, or the feature is off there. */
const isClosed = (error: unknown): boolean =>
  error instanceof GitHubError && (error.fault === 'forbidden' || error.fault === 'gone');

const parsed = <Item>(shape: z.ZodType<Item>, items: unknown[]): Item[] =>
  items.flatMap((item) => shape.safeParse(item).data ?? []);

/** Throws GitHubError where GitHub, or what stands before it, answered anything else. */
function listIn(answer: unknown): unknown[] {
  if (Array.isArray(answer)) return answer;
  throw new GitHubError('GitHub answered no list of alerts', { fault: 'server', status: 200 });
}

export async function readOrganisation(
  client: GitHub,
  org: string,
  names: string[],
  read: Read,
): Promise<void> {
  const watched = new Set(names);
  const nameOf = (alert: { repository?: { full_name: string } | null | undefined }) =>
    alert.repository?.full_name.toLowerCase() ?? '';
  try {
    const { items, isWhole } = await client.pages(
      (rest, { after }) =>
        rest.dependabot.listAlertsForOrg({
          org,
          state: 'open',
          severity: 'critical,high',
          per_page: 100,
          ...(after !== undefined && { after }),
        }),
      maxPages,
      'cursor',
    );
    for (const alert of parsed(dependabot, items))
      if (watched.has(nameOf(alert))) read.dependencies.push({ name: nameOf(alert), alert });
    if (isWhole) for (const name of names) read.known.dependencies.add(name);
  } catch (error) {
    if (!isClosed(error)) throw error;
    read.closed.push({ of: org, kind: 'dependencies' });
  }
  try {
    const { items, isWhole } = await client.pages(
      (rest, { page }) =>
        rest.secretScanning.listAlertsForOrg({ org, state: 'open', per_page: 100, page }),
      maxPages,
    );
    for (const alert of parsed(leaked, items))
      if (watched.has(nameOf(alert))) read.secrets.push({ name: nameOf(alert), alert });
    if (isWhole) for (const name of names) read.known.secrets.add(name);
  } catch (error) {
    if (!isClosed(error)) throw error;
    read.closed.push({ of: org, kind: 'secrets' });
  }
}

export async function readRepository(client: GitHub, name: string, read: Read): Promise<void> {
  const [owner = '', repo = ''] = name.split('/');
  try {
    const alerts = await client.ask((rest) =>
      rest.dependabot.listAlertsForRepo({
        owner,
        repo,
        state: 'open',
        severity: 'critical,high',
        per_page: 100,
      }),
    );
    for (const alert of parsed(dependabot, listIn(alerts))) read.dependencies.push({ name, alert });
    if (alerts.length < 100) read.known.dependencies.add(name);
  } catch (error) {
    // Dependabot is off in many repositories of users.
    if (!isClosed(error)) throw error;
  }
  try {
    const alerts = await client.ask((rest) =>
      rest.secretScanning.listAlertsForRepo({ owner, repo, state: 'open', per_page: 100 }),
    );
    for (const alert of parsed(leaked, listIn(alerts))) read.secrets.push({ name, alert });
    if (alerts.length < 100) read.known.secrets.add(name);
  } catch (error) {
    if (!isClosed(error)) throw error;
  }
}
