/** What remedies that act at GitHub have in common: how they sign in, and what an error means for what was done. */
import {
  filledIn,
  gitHubApi,
  GitHubError,
  isApiAddress,
  NotAppliedError,
  openGitHub,
  z,
  type GitHub,
} from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { readHttpHosts } from './http-hosts.ts';

export const signIn = {
  token: z
    .string()
    .regex(
      /^\{\{secret:[A-Z][A-Z0-9_]{0,99}\}\}$/,
      "has to name a secret: '{{secret:GITHUB_TOKEN}}'",
    )
    .describe("a token, by the name of its secret: '{{secret:GITHUB_TOKEN}}'"),
  base_url: z
    .string()
    .max(300)
    .refine(isApiAddress, 'has to be an http or https address without a user or a password')
    .default(gitHubApi)
    .describe('the address of the API: https://HOST/api/v3 for a GitHub Enterprise Server'),
};

const nameOfRepository = /^[A-Za-z0-9][A-Za-z0-9_-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;

export const repositoryName = z.string().regex(nameOfRepository, 'is written as owner/name');

export async function openWith(
  { token, base_url: baseUrl }: { token: string; base_url: string },
  { db, signal, secret }: RemedyContext,
): Promise<GitHub> {
  const credentials = { token: filledIn(token, secret).trim() };
  return openGitHub({ baseUrl, credentials }, { hosts: await readHttpHosts(db), signal });
}

/** Rejects with NotAppliedError where it is certain that GitHub did not do what was asked. */
export async function orNotApplied<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof GitHubError && !error.mayBeDone) throw new NotAppliedError(error.message);
    throw error;
  }
}
