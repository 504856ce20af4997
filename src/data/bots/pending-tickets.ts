/** Which tickets are pending, snoozed, merged or a storm's, as SQL about tickets and findings. */
import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { BotTickets } from '../../database/tables.ts';

export type TicketStatus = Selectable<BotTickets>['status'];

/** The statuses of a ticket that is not ended. */
export const pending: TicketStatus[] = ['open', 'assigned'];

/**
 * Whether a ticket under this alias is pending. The statuses are literals and not parameters, so that the planner can
 * use the index on pending tickets.
 */
export const isPending = (alias?: string) =>
  sql<boolean>`${sql.ref(alias === undefined ? 'status' : `${alias}.status`)} IN (${sql.join(pending.map((word) => sql.lit(word)))})`;

/**
 * Whether a ticket under this alias is snoozed at the time `now` and was not woken since: until a time that has not come, or until
 * its problem is seen a number of times again.
 */
export const isSnoozed = (alias: string, now = sql`(SELECT public.bots_now())`) => {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  return sql<boolean>`(${isPending(alias)}
    AND coalesce(${column('snoozed_until')} > ${now}, ${column('snoozed_occurrences')} IS NOT NULL)
    AND (${column('woken_at')} IS NULL OR ${column('woken_at')} < ${column('snoozed_at')}) IS TRUE)`;
};

/** Whether another ticket stands for a pending one under this alias. Once it has ended, `merged_into` is history. */
export const isMerged = (alias: string) =>
  sql<boolean>`(${isPending(alias)} AND ${sql.ref(`${alias}.merged_into`)} IS NOT NULL)`;

/**
 * Whether a ticket under one alias is about a finding under the other: the ticket of its problem, or a further one that the
 * platform's own code wrote about it. A problem has one pending ticket at most, so a further one has a fingerprint of its own,
 * and stands for the finding when the first one ends.
 */
export const isOf = (ticket: string, finding: string) => {
  const [t, f] = [
    (name: string) => sql.ref(`${ticket}.${name}`),
    (name: string) => sql.ref(`${finding}.${name}`),
  ];
  return sql<boolean>`(${t('bot_id')} = ${f('bot_id')} AND (${t('fingerprint')} = ${f('fingerprint')}
    OR ${t('finding_id')} = ${f('id')} AND ${t('fingerprint')} LIKE 'external-%'))`;
};

/**
 * The id of the pending ticket of the finding under this alias. OFFSET 0 and IS TRUE: it is looked up in an index of fingerprints. The
 * planner takes a table that has just grown for small, and would compare each ticket of the bot with each finding.
 */
export const pendingTicketOf = (finding: string) => sql`(
      SELECT own.id FROM bot_tickets own
      WHERE own.fingerprint = ${sql.ref(`${finding}.fingerprint`)} AND (own.bot_id = ${sql.ref(`${finding}.bot_id`)}) IS TRUE AND ${isPending('own')}
      OFFSET 0)`;

const stormPrefix = 'storm-';

/**
 * The fingerprint of the ticket for a bot's storm: a bot has at most one that is pending, as it has of each problem.
 * `botId` is SQL of type uuid.
 */
export const stormOf = (botId: RawBuilder<unknown>) =>
  sql<string>`(${sql.lit(stormPrefix)} || ${botId})`;

/** As {@link stormOf}, for the id of a bot as text. */
export const stormFor = (botId: string): string => `${stormPrefix}${botId}`;

/** Whether a ticket stands for a storm of its bot, and not for a single finding. */
export const isStorm = ({
  bot_id,
  fingerprint,
}: {
  bot_id: string | null;
  fingerprint: string;
}): boolean => bot_id !== null && fingerprint === stormFor(bot_id);

/** The fingerprint of the engine's own ticket about a channel of messages begins so; the channel's name follows. */
export const channelTicket = 'channel-';

/** Whether the ticket under this alias is the engine's own about a channel of messages. */
export const isOfChannel = (alias: string) =>
  sql<boolean>`(${sql.ref(`${alias}.bot_id`)} IS NULL AND ${sql.ref(`${alias}.fingerprint`)} LIKE ${sql.lit(`${channelTicket}%`)})`;
