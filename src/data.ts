/**
 * `roundsman/data`: the platform's schema for other TypeScript projects. Functions take `db` first, or a transaction
 * where they lock; errors that they throw on purpose are {@link RoundsmanError}s.
 */
export { NotFoundError, RoundsmanError, UsageError } from './ground/errors.ts';
export { connect, type ConnectOptions, type Database, type Db } from './database/connect.ts';
export type * from './database/tables.ts';
export { migrateToLatest, MigrationError } from './database/migrate/migrate.ts';
export { migrationStatus } from './database/migrate/status.ts';
export { SchemaDiffersError, type Difference } from './database/migrate/differences.ts';
export { AccessDeniedError } from './database/faults/access-denied.ts';
export { BadInputError } from './database/faults/bad-input.ts';
export { ConstraintError } from './database/faults/constraint-errors.ts';
export { asService, asUser, NestedRoleError, type Claims } from './database/as-user.ts';
export type { Page, PageRequest } from './database/keyset.ts';
export type { TimeSpan } from './database/time-span.ts';

// In the order of the schema document's sections.
export * from './data/users/profiles.ts';
export * from './data/users/organizations.ts';
export * from './data/users/sessions.ts';
export * from './data/users/activity.ts';
export * from './data/credits/ledger.ts';
export * from './data/credits/payments.ts';
export * from './data/credits/subscriptions.ts';
export * from './data/javari/projects.ts';
export * from './data/javari/conversations.ts';
export * from './data/javari/credentials.ts';
export * from './data/javari/learning.ts';
export * from './data/javari/usage.ts';
export {
  BadKeyRingError,
  KeyRing,
  MissingKeyError,
  readKeyRing,
} from './ground/secrets/key-ring.ts';
export { BrokenSealError } from './ground/secrets/sealing.ts';
export {
  type ExecutionRow,
  type ExecutionStatus,
  UnknownBotError,
  BotCannotRunError,
  newestRuns,
  type ExecutionFilter,
  listExecutions,
  countPendingRuns,
} from './data/bots/bot-executions.ts';
export {
  countOpenFindings,
  findingsOfRun,
  listFindings,
  type FindingFilter,
  type Suppressor,
} from './data/bots/bot-findings.ts';
export {
  listActions,
  stepsOfHeal,
  type ActionFilter,
  type ActionRow,
  type ListedAction,
} from './data/bots/bot-actions.ts';
export {
  listTickets,
  type TicketFilter,
  type TicketMatch,
  type TicketOrder,
} from './data/bots/ticket-list.ts';
export {
  oneTicket,
  type ListedTicket,
  type TicketRow,
  type TicketStatus,
} from './data/bots/bot-tickets.ts';
export {
  knowledgeEvents,
  listKnowledge,
  type KnowledgeFilter,
  type KnowledgeRow,
} from './data/bots/bot-knowledge.ts';
export {
  decisionsOn,
  suggestionsOn,
  type ListedDecision,
  type Suggestion,
  type UsingHeal,
} from './data/bots/bot-decisions.ts';
export { listSilences, type ListedSilence, type Silence } from './data/bots/bot-silences.ts';
export { queueManualRun } from './services/runs/queue.ts';
export { cancelRun, ExternalRunError, RunEndedError } from './transitions/runs/cancel.ts';
export * from './data/apps/usage.ts';
export * from './data/apps/results.ts';
export * from './data/games/sessions.ts';
export * from './data/games/leaderboard.ts';
export * from './data/craiverse/avatars.ts';
export * from './data/craiverse/spaces.ts';
export * from './data/craiverse/visits.ts';
export * from './data/social/responders.ts';
export * from './data/social/groups.ts';
export * from './data/analytics/page-views.ts';
export * from './data/analytics/api-logs.ts';
export * from './data/analytics/error-logs.ts';
