/** Closes the issues at GitHub whose problems are gone: the remedy that keeps them acts only while a problem is open. */
import type { Figures, JobContext } from '../../contract/job.ts';
import { currentMode, healsIn } from '../../data/bots/engine.ts';
import { httpHosts, readSetting } from '../../data/settings/rows.ts';
import { openGitHub } from '../../github/client.ts';
import { findIssue } from '../../github/find-issue.ts';
import { aboutProblem, closeIssue } from '../../github/issues.ts';
import { messageOf } from '../../ground/errors.ts';
import { filledIn, secretsNamedIn } from '../../ground/secrets/secret-reference.ts';
import { noteClosedIssue } from '../../transitions/actions/note-closed-issue.ts';
import { goneProblems, type GoneProblem } from './gone-problems.ts';

/** How many reasons the figures of a run repeat. */
const maxReasons = 5;

/**
 * One issue after the other. What could not be closed is tried again by the next run. An issue that a person has
 * closed, or opened again after it was closed here, is left as it is.
 */
export async function closeGoneIssues(context: JobContext): Promise<Figures> {
  const { db, signal, commit } = context;
  const figures = { closed: 0, closed_before: 0, waiting: 0 };
  const reasons = new Set<string>();
  const refusing = new Set<string>();
  for (const problem of await goneProblems(db)) {
    signal.throwIfAborted();
    const where = JSON.stringify([problem.baseUrl, problem.token, problem.repository]);
    if (refusing.has(where)) {
      figures.waiting += 1;
      continue;
    }
    // The kill switch holds what acts outside, too: it is read before each issue.
    if (!healsIn(await currentMode(db))) return { ...figures, why: ['the mode is off'] };
    try {
      const closed = await close(context, problem);
      await commit((trx) => noteClosedIssue(trx, problem.actions));
      figures[closed ? 'closed' : 'closed_before'] += 1;
    } catch (error) {
      signal.throwIfAborted();
      figures.waiting += 1;
      // What one issue is refused for holds for the others of the repository: they are not asked about.
      refusing.add(where);
      if (reasons.size < maxReasons) reasons.add(`${problem.repository}: ${messageOf(error)}`);
    }
  }
  return { ...figures, ...(reasons.size > 0 && { why: [...reasons] }) };
}

/** Returns false if there was nothing to close. Throws {@link GitHubError}, or an error that says why a secret cannot be had. */
async function close(
  { db, signal, openSecrets }: JobContext,
  { repository, label, baseUrl, token, fingerprint, number }: GoneProblem,
): Promise<boolean> {
  const opened = new Map(
    (await openSecrets(secretsNamedIn(token))).map(({ name, value }) => [name, value]),
  );
  const client = await openGitHub(
    { baseUrl, credentials: { token: filledIn(token, (name) => opened.get(name) ?? '').trim() } },
    { hosts: (await readSetting(db, httpHosts))?.value, signal },
  );
  const [owner = '', repo = ''] = repository.split('/');
  const place = { owner, repo, label, about: aboutProblem(fingerprint) };
  const issue = await findIssue(client, place, number);
  if (!issue?.isOpen) return false;
  await closeIssue(client, place, issue.number);
  return true;
}
