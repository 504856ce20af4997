import type { Channel } from '../channel.ts';
import { kinds } from '../channels/index.ts';
import type { Notifications } from './schema.ts';

/** The kind of a channel of the settings, and its config as the settings have it; null if there is no such channel. */
export function channelOf(
  settings: Notifications | null,
  name: string,
): { channel: Channel; config: object } | null {
  if (!settings || !Object.hasOwn(settings.channels, name)) return null;
  const { kind, ...config } = settings.channels[name]!;
  const channel = kinds.find((each) => each.kind === kind);
  return channel ? { channel, config } : null;
}

/** Whether a channel of the settings shows a change by an edit of the ticket's message. */
export function isEditing(settings: Notifications, name: string): boolean {
  const found = channelOf(settings, name);
  return found !== null && found.channel.edits(found.config);
}

/** The names of the channels that edit messages. */
export const editingChannels = (settings: Notifications): string[] =>
  Object.keys(settings.channels).filter((name) => isEditing(settings, name));
