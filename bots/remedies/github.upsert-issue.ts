/**
 * Keeps one issue at GitHub for the problem of a finding: it is looked for by its marker, made if there is none, and brought up to date
 * otherwise. When the problem is gone, the job `close-issues` closes the issue; so does its undo.
 */
import {
  aboutProblem,
  closeIssue,
  defineRemedy,
  findIssue,
  inFence,
  NotAppliedError,
  safeTitle,
  sql,
  upsertIssue,
  z,
  type IssuePlace,
} from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { openWith, orNotApplied, repositoryName, signIn } from '../parts/github-for-remedies.ts';

const params = z.strictObject({
  ...signIn,
  repository: repositoryName
    .optional()
    .describe(
      'where the issue is written, as owner/name; the one that the finding is about unless given',
    ),
  label: z
    .string()
    .regex(/^[^,\p{Cc}]{1,50}$/u, 'a label is at most 50 characters, without a comma')
    .default('roundsman')
    .describe('the label of all its issues, by which they are found again'),
});
type Params = z.infer<typeof params>;

/** A fingerprint is hexadecimal; what else it may be has no place in a marker. */
function placeOf({ repository, label }: Params, { target }: RemedyContext): IssuePlace {
  const full = repository ?? repositoryName.safeParse(target.component).data;
  if (full === undefined)
    throw new NotAppliedError(
      'the finding is about no repository, and the parameter repository is not set',
    );
  if (!/^[A-Za-z0-9]{1,100}$/.test(target.fingerprint))
    throw new NotAppliedError('the fingerprint does not fit into a marker');
  const [owner = '', repo = ''] = full.split('/');
  return { owner, repo, label, about: aboutProblem(target.fingerprint) };
}

/**
 * The number of the issue as the last application knew it: lists of issues are behind at times, or do not show an app its own. Null if
 * there was none.
 */
async function numberIn(
  { owner, repo }: IssuePlace,
  { db, target }: RemedyContext,
): Promise<number | null> {
  const { rows } = await sql<{ number: string | null }>`
    SELECT substring(evidence #>> '{after,number}' FROM '^[0-9]{1,9}$') AS number
    FROM bot_actions
    WHERE fingerprint = ${target.fingerprint} AND remedy = ${name} AND applied_at IS NOT NULL
      AND lower(coalesce(evidence #>> '{params,repository}', component)) = ${`${owner}/${repo}`.toLowerCase()}
      AND evidence #>> '{after,number}' IS NOT NULL
    ORDER BY applied_at DESC LIMIT 1`.execute(db);
  return rows[0]?.number ? Number(rows[0].number) : null;
}

interface Problem {
  title: string;
  description: string | null;
  severity: string;
  occurrences: number;
  bot: string;
}

async function readProblem({ db, target }: RemedyContext): Promise<Problem> {
  const { rows } = await sql<Problem>`
    SELECT f.title, f.description, f.severity, f.occurrences, b.name AS bot
    FROM bot_findings f JOIN bots b ON b.id = f.bot_id
    WHERE f.fingerprint = ${target.fingerprint} AND f.resolved_at IS NULL LIMIT 1`.execute(db);
  if (!rows[0]) throw new NotAppliedError('the problem is gone');
  return rows[0];
}

/** Not the number of times: each run would change the issue. GitHub takes 65,536 characters; safe text is up to four times as long. */
const wantedOf = ({ title, description, severity, bot }: Problem, { target }: RemedyContext) => ({
  title: safeTitle(title),
  body: inFence([
    ...title.slice(0, 2_000).split('\n'),
    `${severity}, found by ${bot}`,
    `Component: ${target.component.slice(0, 500)}`,
    '',
    ...(description ?? '').slice(0, 10_000).split('\n'),
  ]),
  state: 'open' as const,
});

const name = 'github.upsert-issue';

export const upsertProblemIssue = defineRemedy<Params>({
  name,
  title: 'Keep one issue at GitHub for the problem',
  risk: 'reversible',
  outside: true,
  secrets: true,
  params,
  async isDone(given, context) {
    const place = placeOf(given, context);
    const { title, body } = wantedOf(await readProblem(context), context);
    const number = await numberIn(place, context);
    const found = await findIssue(await openWith(given, context), place, number);
    return (
      found !== null && found.isOpen && found.title === title && found.body.endsWith(`\n${body}`)
    );
  },
  async apply(given, context) {
    const place = placeOf(given, context);
    const wanted = wantedOf(await readProblem(context), context);
    const client = await openWith(given, context);
    return orNotApplied(async () => {
      const known = await numberIn(place, context);
      const { number, made } = (await upsertIssue(client, place, wanted, { number: known }))!;
      return {
        summary: `${made ? 'made' : 'brought up to date'} the issue ${place.owner}/${place.repo}#${number}`,
        before: null,
        after: { number, made },
      };
    });
  },
  async undo(given, context) {
    const place = placeOf(given, context);
    const client = await openWith(given, context);
    return orNotApplied(async () => {
      const found = await findIssue(client, place, await numberIn(place, context));
      if (!found?.isOpen) throw new NotAppliedError('there is no open issue of this problem');
      await closeIssue(client, place, found.number);
      return {
        summary: `closed the issue ${place.owner}/${place.repo}#${found.number}`,
        before: { number: found.number, open: true },
        after: { number: found.number, open: false },
      };
    });
  },
});
