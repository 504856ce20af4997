/** The name of a repository at GitHub, as `owner/name`. */

/** What GitHub allows: a name of a user or an organisation, and letters, digits, `.`, `_` and `-`. */
const ownerPart = '[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})';
const namePart = '[A-Za-z0-9._-]{1,100}';
const whole = new RegExp(`^${ownerPart}/(?!\\.{1,2}$)${namePart}$`);

export const isRepositoryName = (text: string): boolean => whole.test(text);

/**
 * The repository that an address names at this host: `https://github.com/owner/name`, with `.git`, a path into it, or in the form
 * `git@github.com:owner/name.git`. 'elsewhere': it is of another host; null: it names no repository.
 */
export function repositoryOf(address: string, host: string): string | 'elsewhere' | null {
  const ssh = /^(?:ssh:\/\/)?[\w.-]+@([\w.-]+)[:/](.+)$/.exec(address);
  const url = ssh === null && URL.canParse(address) ? new URL(address) : null;
  const found = ssh?.[1]?.toLowerCase() ?? url?.host;
  if (found === undefined || found === '') return null;
  if (url && !/^(https?|git):$/.test(url.protocol)) return null;
  if (found.replace(/^www\./, '') !== host) return 'elsewhere';
  const [owner = '', name = ''] = (ssh?.[2] ?? url!.pathname.slice(1)).split('/');
  const full = `${owner}/${name.replace(/\.git$/, '')}`;
  return isRepositoryName(full) ? full.toLowerCase() : null;
}
