/**
 * `roundsman/data`: the platform's schema for other TypeScript projects. Functions take `db` first,
 * or a transaction where they lock; what they throw on purpose is a {@link RoundsmanError}.
 */
export { NotFoundError, RoundsmanError, UsageError } from '../ground/errors.ts';
export { connect, type ConnectOptions, type Database, type Db } from '../database/connect.ts';
export type * from '../database/tables.ts';
export { migrateToLatest, migrationStatus, MigrationError } from '../database/migrate/migrate.ts';
export { AccessDeniedError } from '../database/faults/access-denied.ts';
export { BadInputError } from '../database/faults/bad-input.ts';
export { ConstraintError } from '../database/faults/constraint-errors.ts';
export { asService, asUser, NestedRoleError, type Claims } from '../database/as-user.ts';
export type { Page, PageRequest } from '../database/keyset.ts';
export type { TimeSpan } from '../database/time-span.ts';

// In the order of the schema document's sections.
export * from './users/profiles.ts';
export * from './users/organizations.ts';
export * from './users/sessions.ts';
export * from './credits/ledger.ts';
export * from './credits/payments.ts';
export * from './credits/subscriptions.ts';
export * from './javari/projects.ts';
export * from './javari/conversations.ts';
export * from './javari/credentials.ts';
export { BadKeyRingError, KeyRing, MissingKeyError, readKeyRing } from '../ground/key-ring.ts';
export { BrokenSealError } from '../ground/sealing.ts';
export * from './bots/bot-executions.ts';
export * from './apps/usage.ts';
export * from './games/leaderboard.ts';
export * from './social/groups.ts';
export * from './analytics/page-views.ts';
export * from './analytics/api-logs.ts';
export * from './analytics/error-logs.ts';
