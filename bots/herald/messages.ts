/** Messages about tickets that wait or fail, channel by channel. */
import { isInSettings, sql } from '../../src/bot.ts';
import type {
  CheckContext,
  CheckResult,
  EventContext,
  EventResult,
  ReportedFinding,
} from '../../src/bot.ts';
import {
  countEvents,
  joinStart,
  isSinceStart,
  type Counted,
  type Totals,
} from '../parts/count-events.ts';
import { counted } from '../parts/in-words.ts';
import { minuteMs, minutesBefore } from '../parts/time.ts';
import type { Config } from './config.ts';

const events = 'events of tickets';
/** How many channels one check reports. */
const maxFindings = 50;

/** How many channels the settings have. Skips the check if there are none: then no messages are made, and no channel can fail. */
async function readChannels({ db, skip }: Pick<CheckContext, 'db' | 'skip'>): Promise<number> {
  const { rows } = await sql<{ channels: number | null }>`
    SELECT CASE WHEN jsonb_typeof(value -> 'channels') = 'object'
      THEN (SELECT count(*)::int FROM jsonb_object_keys(value -> 'channels')) END AS channels
    FROM engine.settings WHERE key = 'notifications'`.execute(db);
  return (
    rows[0]?.channels ||
    skip(
      'no channels are set up, so no messages are made: `npx roundsman notify set` sets channels up',
    )
  );
}

interface WaitingChannel {
  channel: string;
  pending: number;
  late: number;
  retried: number;
  /** when the oldest one that is late or tried again was made */
  made: Date;
  unusable: boolean;
  error: string | null;
}

/**
 * Planned waits are in `send_after` (quiet hours, gathering with others, maintenance) or in the channel's `wait_until`; a channel
 * that is off has a ticket of the engine's own.
 */
export async function findWaitingMessages(
  { waiting_minutes, waiting_tries }: Config,
  { db, now, skip }: CheckContext,
): Promise<CheckResult> {
  const channels = await readChannels({ db, skip });
  const bound = minutesBefore(now, waiting_minutes);
  const { rows } = await sql<WaitingChannel>`
    SELECT * FROM (
      SELECT n.channel, count(*)::int AS pending,
        (count(*) FILTER (WHERE due_at < ${bound}))::int AS late,
        (count(*) FILTER (WHERE due_at >= ${bound} AND (n.tries >= ${waiting_tries} OR blocked)))::int AS retried,
        min(n.created_at) FILTER (WHERE due_at < ${bound} OR n.tries >= ${waiting_tries} OR blocked) AS made,
        coalesce(bool_or(blocked), false) AS unusable,
        (array_agg(left(coalesce(c.unusable_reason, n.error_message), 300) ORDER BY n.created_at)
          FILTER (WHERE coalesce(c.unusable_reason, n.error_message) IS NOT NULL))[1] AS error
      FROM bot_notifications n
      LEFT JOIN engine.channels c ON c.name = n.channel
      CROSS JOIN LATERAL (SELECT
        -- A receiver may ask for an hour at most; a later time comes from a clock that was set back.
        greatest(n.send_after, CASE WHEN c.wait_until <= ${now}::timestamptz + interval '1 hour' THEN c.wait_until END) AS due_at,
        coalesce(c.unusable_since < ${bound}, false) AS blocked) AS planned
      WHERE n.status = 'pending' AND c.off_since IS NULL AND ${isInSettings('n.channel')}
      GROUP BY n.channel
    ) waiting ORDER BY late + retried DESC, channel LIMIT 1000`.execute(db);
  const { rows: unrouted } = await sql<{ count: number; since: Date }>`
    SELECT count(*)::int AS count, min(created_at) AS since
    FROM (SELECT created_at FROM bot_ticket_events WHERE routed_at IS NULL AND unsent_reason IS NULL
          AND created_at < ${bound} LIMIT 10000) e`.execute(db);
  const minutesSince = (at: Date) => Math.floor((now.getTime() - at.getTime()) / minuteMs);
  const found = rows.filter(({ late, retried }) => late + retried > 0);
  const { count, since } = unrouted[0]!;
  const stopped: ReportedFinding = {
    severity: 'high',
    category: 'messages',
    title: `Events of tickets wait for their messages: ${counted(count, 'event')}, the oldest for ${counted(count > 0 ? minutesSince(since) : 0, 'minute')}`,
    description:
      'The job `route-events` makes messages of them within seconds. Until it runs, people are told of nothing.',
    component: events,
    metadata: { events: count, since: since?.toISOString() },
  };
  return {
    examined: { count: channels + 1, except: [] },
    figures: [
      { name: 'pending messages', value: sum(rows.map(({ pending }) => pending)) },
      { name: 'messages not sent when due', value: sum(rows.map(({ late }) => late)) },
      { name: 'messages tried again', value: sum(rows.map(({ retried }) => retried)) },
      { name: 'events without messages', value: count },
    ],
    truncated: found.length > maxFindings,
    findings: [
      ...(count > 0 ? [stopped] : []),
      ...found.slice(0, maxFindings).map(({ channel, late, retried, made, unusable, error }) => {
        const all = late + retried;
        const minutes = minutesSince(made);
        return {
          // An hour is twice the response target of a high ticket.
          severity: minutes >= 60 ? ('high' as const) : ('medium' as const),
          category: 'messages',
          title: `Channel ${channel}: ${counted(all, 'message was', 'messages were')} not sent when due, the oldest waits for ${counted(minutes, 'minute')}`,
          description: error ?? 'No try has failed: no process sends them.',
          component: channel,
          metadata: { late, tried_again: retried, unusable, made: made.toISOString(), error },
        };
      }),
    ],
  };
}

const sum = (counts: number[]) => counts.reduce((all, each) => all + each, 0);

interface FailedChannel extends Counted {
  error: string | null;
}

/**
 * Counts the messages of each channel that ended. A failed one whose ticket had a later message through the same channel does not
 * count: the receiver knows the newer state.
 */
export async function findFailedMessages(
  { min_failed, high_failed_percent, failed_hours }: Config,
  context: EventContext,
): Promise<EventResult> {
  const { now, from } = context;
  const channels = await readChannels(context);
  const question = {
    tables: sql`
      ended AS MATERIALIZED (
        SELECT n.channel, n.created_at, n.error_message, n.status = 'failed' AND NOT EXISTS (
          SELECT FROM bot_notifications later WHERE later.ticket_id = n.ticket_id AND later.channel = n.channel
            AND later.position > n.position AND later.status = 'sent') AS bad
        FROM bot_notifications n ${joinStart(sql`n.channel`)}
        WHERE n.created_at >= ${from} AND n.created_at <= ${now} AND n.status IN ('sent', 'failed') AND ${isInSettings('n.channel')}
          AND ${isSinceStart(sql`n.channel`, context)}
      )`,
    counted: sql`
      SELECT channel AS key, (count(*) FILTER (WHERE bad))::int AS bad, count(*)::int AS "of",
        max(created_at) FILTER (WHERE bad) AS newest,
        left((array_agg(error_message ORDER BY created_at DESC) FILTER (WHERE bad))[1], 300) AS error
      FROM ended GROUP BY channel`,
    // A channel that is off has a ticket of the engine's own.
    wrong: sql`bad >= ${min_failed} AND NOT EXISTS (SELECT FROM engine.channels c WHERE c.name = key AND c.off_since IS NOT NULL)`,
    worst: sql`bad DESC`,
    max: maxFindings,
    keys: sql`SELECT ${channels}::int`,
    figures: ({ bad, of }: Totals) => [
      { name: 'messages sent or failed', value: of },
      { name: 'messages failed', value: bad },
    ],
  };
  return countEvents<FailedChannel>(context, question, ({ key: component, bad, of, error }) => ({
    severity: 100 * bad >= high_failed_percent * (of ?? 0) ? 'high' : 'medium',
    category: 'messages',
    title: `Channel ${component}: ${bad} of ${counted(of ?? 0, 'message')} failed`,
    description: error ?? 'The receiver gave no reason.',
    component,
    metadata: { failed: bad, messages: of, hours: failed_hours, error },
  }));
}
