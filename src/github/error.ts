/**
 * Why GitHub was not asked, or did not do what was asked.
 *
 * busy: it limits requests, and nothing was done; token: it does not take the token, or the key or the installation of an app;
 * forbidden: the token lacks a permission, or the feature is off; gone: there is no such object, or the token may not see it; invalid: it refuses the request as it is;
 * server: it has a fault of its own; unreached: there was no answer, or none that can be read.
 */
export type GitHubFault =
  | 'busy'
  | 'token'
  | 'forbidden'
  | 'gone'
  | 'invalid'
  | 'server'
  | 'unreached';

/** A request to GitHub failed. Its message holds no token, and nothing of what GitHub answered except its status. */
export class GitHubError extends Error {
  override readonly name = 'GitHubError';
  readonly fault: GitHubFault;
  /** the status of the answer; null if there was none */
  readonly status: number | null;
  /** for `busy`: how long GitHub asks to wait */
  readonly waitMs: number | null;
  /** false only if it is certain that GitHub did not do what was asked */
  readonly mayBeDone: boolean;
  /** what refuses, as far as that was found out: a whole repository, or one issue of it; null if it was not asked */
  readonly of: 'repository' | 'issue' | null;

  constructor(
    message: string,
    {
      fault,
      status = null,
      waitMs = null,
      mayBeDone = false,
      of = null,
    }: {
      fault: GitHubFault;
      status?: number | null;
      waitMs?: number | null;
      mayBeDone?: boolean;
      of?: GitHubError['of'];
    },
  ) {
    super(message);
    this.fault = fault;
    this.status = status;
    this.waitMs = waitMs;
    this.mayBeDone = mayBeDone;
    this.of = of;
  }
}
