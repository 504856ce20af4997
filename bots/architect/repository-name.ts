/** The name of a repository at GitHub, as `owner/name`. */

/** What GitHub allows: a name of a user or an organisation, and letters, digits, `.`, `_` and `-`. */
const ownerPart = '[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})';
const namePart = '[A-Za-z0-9._-]{1,100}';
const whole = new RegExp(`^${ownerPart}/(?!\\.{1,2}$)${namePart}$`);

export const isRepositoryName = (text: string): boolean => whole.test(text);

/**
 * The repository that an address names at this host: `https://github.com/owner/name`, with `.git`, a path into it, `git+` before it, or in
 * the forms `git@github.com:owner/name.git` and `ssh://git@github.com:22/owner/name.git`. 'elsewhere': it is of another host; null: it names no repository.
 */
export function repositoryOf(text: string, host: string): string | 'elsewhere' | null {
  const address = text.replace(/^git\+/, '');
  // A port stands only in the form with a scheme: in the other one a number is an owner.
  const ssh =
    /^ssh:\/\/[\w.-]+@([\w.-]+)(?::\d{0,5})?[:/]\/?(.+)$/.exec(address) ??
    /^[\w.-]+@([\w.-]+):\/?(.+)$/.exec(address);
  const url = ssh === null && URL.canParse(address) ? new URL(address) : null;
  const found = ssh?.[1]?.toLowerCase() ?? url?.host;
  if (found === undefined || found === '') return null;
  if (url && !/^(https?|git):$/.test(url.protocol)) return null;
  // ssh.github.com takes SSH on the port of HTTPS.
  if (found.replace(/^(www|ssh)\./, '') !== host) return 'elsewhere';
  const [owner = '', name = ''] = (ssh?.[2] ?? url!.pathname.slice(1)).split('/');
  const full = `${owner}/${name.replace(/\.git$/, '')}`;
  return isRepositoryName(full) ? full.toLowerCase() : null;
}
