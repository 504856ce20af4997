/** Turns events of tickets into messages: one transaction reads events, makes their messages and marks them. */
import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { JobContext } from '../../contract/job.ts';
import type { Database } from '../../database/connect.ts';
import { time } from '../../ground/text.ts';
import { addChannels } from '../../transitions/channels/take.ts';
import { markRouted } from '../../transitions/notifications/mark-routed.ts';
import { queueMessages, type NewMessage } from '../../transitions/notifications/queue.ts';
import { quietUntil } from '../../policy/quiet-hours.ts';
import { editingChannels, isEditing } from '../settings/channel-of.ts';
import { readNotifications } from '../settings/read.ts';
import type { Notifications } from '../settings/schema.ts';
import { openingEvents, urgentEvents } from '../ticket-events.ts';
import { choose, type Choice } from './choose.ts';
import { gatherUntil, paceOf, type Pace } from './pace.ts';
import { readEvents, type UnroutedEvent } from './read-events.ts';

/** How many events one transaction routes: more than a storm brings at once. */
const maxEvents = 2_000;

export interface RouteFigures {
  events: number;
  messages: number;
}

export async function routeEvents({
  commit,
  signal,
  request,
}: Pick<JobContext, 'commit' | 'signal' | 'request'>): Promise<RouteFigures> {
  const figures = { events: 0, messages: 0 };
  for (;;) {
    signal.throwIfAborted();
    const { events, messages, isDue } = await commit(routeSome);
    figures.events += events;
    figures.messages += messages;
    if (isDue) await request('deliver');
    if (events < maxEvents) return figures;
  }
}

async function routeSome(trx: Transaction<Database>): Promise<RouteFigures & { isDue: boolean }> {
  const settings = await readNotifications(trx);
  const events = await readEvents(trx, maxEvents);
  if (events.length === 0) return { events: 0, messages: 0, isDue: false };
  const routings = events.map((event) => ({ event, ...routingOf(settings, event) }));
  const messages = settings ? await messagesOf(trx, settings, routings) : [];
  await queueMessages(trx, messages);
  const outcomes = routings.map(({ event, reason, isHeld }) => ({
    id: event.id,
    unsent_reason: reason,
    is_held: isHeld ?? false,
  }));
  await markRouted(trx, outcomes);
  return {
    events: events.length,
    messages: messages.length,
    isDue: messages.some(({ gathers }) => !gathers),
  };
}

/** Where an event goes; or why it goes nowhere, and whether it is routed again when maintenance is over. */
interface Routing {
  choices: Choice[];
  reason: string | null;
  isHeld?: boolean;
}

interface EventRouting extends Routing {
  event: UnroutedEvent;
}

function routingOf(settings: Notifications | null, event: UnroutedEvent): Routing {
  if (!settings) return { choices: [], reason: 'no channels are set up' };
  if (event.is_past) return { choices: [], reason: 'restored' };
  const { choices, reason } = choose(settings, event);
  const isEnd = event.event === 'resolved';
  // People are told of a comment, and of the end of a ticket that they know, although its problem is silenced.
  const isToldAlways = event.event === 'commented' || (isEnd && event.told.length > 0);
  const [silence] = event.silences;
  if (silence && !isToldAlways)
    return { choices: [], reason: `silenced by ${silence.owner}: ${silence.reason}` };
  const [window] = event.maintenance;
  if (window && choices.length > 0 && !isToldAlways)
    return {
      choices: [],
      reason: `held back by maintenance until ${time(new Date(window.ends_at))} UTC (${window.owner}: ${window.reason})`,
      isHeld: true,
    };
  if (event.survivor && !isToldAlways && !['merged', 'unmerged'].includes(event.event))
    return { choices: [], reason: `T-${event.survivor} stands for it` };
  const toldBefore = event.told.filter((channel) => Object.hasOwn(settings.channels, channel));
  // Channels that told of the beginning tell of the end, and a message that can be edited is kept up to date.
  const concerned = isEnd
    ? toldBefore
    : event.own.filter((channel) => isEdited(settings, channel, event));
  const added = concerned
    .filter((channel) => !choices.some((choice) => choice.channel === channel))
    .map((channel) => ({ channel, route: 'told before' }));
  const all = [...choices, ...added];
  return { choices: all, reason: all.length > 0 ? null : reason };
}

const isEdited = (settings: Notifications, channel: string, { event }: UnroutedEvent): boolean =>
  !['seen', 'noted'].includes(event) && isEditing(settings, channel);

async function messagesOf(
  trx: Transaction<Database>,
  settings: Notifications,
  routings: readonly EventRouting[],
): Promise<NewMessage[]> {
  const names = [
    ...new Set(routings.flatMap(({ choices }) => choices.map(({ channel }) => channel))),
  ];
  if (names.length === 0) return [];
  await addChannels(trx, names);
  const edits = editingChannels(settings);
  const pace = await paceOf(trx, names, edits);
  const made = new Map<string, NewMessage>();
  for (const { event, choices } of routings)
    for (const { channel, route } of choices) {
      const isEdit = edits.includes(channel) && event.own.includes(channel);
      const { now } = pace.get(channel)!;
      const end = quietUntil(settings.quiet_hours, event.severity, now);
      const quietEnd = end > now ? end : null;
      const when = sendTimeOf(event, pace.get(channel)!, { isEdit, quietEnd });
      const kind = when.isComment ? 'comment' : 'ticket';
      const key = kind === 'comment' ? `${event.id} ${channel}` : `${event.ticket_id} ${channel}`;
      const before = made.get(key);
      made.set(key, {
        id: before?.id ?? randomUUID(),
        ticket_id: event.ticket_id,
        channel,
        kind,
        events: [...(before?.events ?? []), event.id],
        route: quietEnd ? `${route}; quiet hours until ${time(quietEnd)} UTC` : route,
        opens: openingEvents.includes(event.event) || (before?.opens ?? false),
        gathers: when.gathers && (before?.gathers ?? true),
        send_after: before && before.send_after < when.at ? before.send_after : when.at,
      });
    }
  return [...made.values()];
}

/** When a message is sent: now, at the end of the quiet hours, or when the messages that wait on the channel are sent together. */
function sendTimeOf(
  { event, severity }: UnroutedEvent,
  pace: Pace,
  { isEdit, quietEnd }: { isEdit: boolean; quietEnd: Date | null },
): { at: Date; gathers: boolean; isComment: boolean } {
  const isComment = event === 'commented' && !pace.isBusy;
  if (quietEnd) return { at: quietEnd, gathers: !isComment, isComment };
  const isUrgent = severity === 'critical' && urgentEvents.includes(event);
  const atOnce = { at: pace.now, gathers: false, isComment };
  if (isEdit || isComment) return atOnce;
  if (isUrgent && pace.urgentLeft > 0) {
    pace.urgentLeft -= 1;
    return atOnce;
  }
  const at = gatherUntil(pace, isUrgent);
  if (!pace.gathersUntil || at < pace.gathersUntil) pace.gathersUntil = at;
  return { at, gathers: true, isComment };
}
