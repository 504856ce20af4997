/**
 * The contract between the engine and the catalogue (bots/): everything that a bot file imports.
 *
 * A bot takes its config and returns plain results. Structured clone has to be able to copy every value that crosses this
 * boundary, so that checks and remedies can run in another process.
 */
export { sql } from 'kysely';
export { z } from 'zod';
export * from './contract/bot.ts';
export * from './contract/bot-changes.ts';
export * from './contract/check.ts';
export * from './contract/event-check.ts';
export * from './contract/finding.ts';
export * from './contract/remedy.ts';
export { withoutGitHubTokens } from './ground/secrets/literal-credentials.ts';
export { beginsWithReference, filledIn } from './ground/secrets/secret-reference.ts';
export { meaning, meaningOfCheck, meaningOfExpression } from './database/migrate/same-meaning.ts';
export { noteOnTicket } from './transitions/tickets/note.ts';
export {
  presentedCertificate,
  type Certificate,
  type PresentedCertificate,
} from './outbound/certificate.ts';
export { OutboundError } from './outbound/error.ts';
export { request, type OutboundAnswer } from './outbound/request.ts';
export { gitHubApi, isApiAddress, webHostOf, type GitHubAccess } from './github/access.ts';
export { openGitHub, type GitHub } from './github/client.ts';
export { GitHubError } from './github/error.ts';
export { aboutProblem, closeIssue, upsertIssue } from './github/issues.ts';
export { findIssue, type IssuePlace } from './github/find-issue.ts';
export { inFence, safeTitle } from './github/issue-text.ts';
export { silenceCovers, silenceInForce } from './data/bots/bot-silences.ts';
export { needsPersonNow } from './data/bots/standing-tickets.ts';
export { isMerged, isPending } from './data/bots/pending-tickets.ts';
export { isInSettings } from './data/notify/channels.ts';
