/** What the settings say about a channel that writes issues at GitHub. */
import { z } from 'zod';
import { gitHubApi, isApiAddress, type GitHubAccess } from '../../github/access.ts';
import { isEncryptedOrLocal } from '../slack/config.ts';

const text = z.string().min(1).max(10_000);
const id = z.int().positive().max(Number.MAX_SAFE_INTEGER);

/** `notify show` prints the settings in this order. */
const repository = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,38}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/,
    'is written as owner/name',
  )
  .describe('where the issues are written: owner/name');

const others = {
  label: z
    .string()
    .regex(/^[^,\p{Cc}]{1,50}$/u, 'a label is at most 50 characters, without a comma')
    .default('roundsman')
    .describe('the label of all issues, by which they are found again'),
  base_url: z
    .string()
    .max(300)
    .refine(isApiAddress, 'has to be the address of an API')
    .refine(isEncryptedOrLocal, 'has to begin with https://')
    .default(gitHubApi)
    .describe('where the API is; https://HOST/api/v3 for a GitHub Enterprise Server'),
};

export const gitHubConfig = z.union([
  z
    .strictObject({
      repository,
      token: text.describe("a token that may write issues there: '{{secret:GITHUB_TOKEN}}'"),
      ...others,
    })
    .describe('with a token: issues are written by its owner'),
  z
    .strictObject({
      repository,
      app_id: id.describe('the id of a GitHub App'),
      installation_id: id.describe('its installation, from the address of its settings'),
      private_key: text.describe("its private key: '{{secret:GITHUB_APP_KEY}}'"),
      ...others,
    })
    .describe('with a GitHub App: issues are written by the app'),
]);
export type GitHubConfig = z.output<typeof gitHubConfig>;

export const accessOf = (config: GitHubConfig): GitHubAccess => ({
  baseUrl: config.base_url,
  credentials:
    'token' in config
      ? { token: config.token.trim() }
      : {
          appId: config.app_id,
          installationId: config.installation_id,
          privateKey: config.private_key.trim(),
        },
});
