import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import { noSecret, secretRows } from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { endpointOf, sourceName } from '../../sources/endpoint.ts';
import { sourceBot } from '../../sources/bot.ts';
import { authorise, type Actor } from '../actor.ts';
import { addBot, newBot } from '../bots/add.ts';

export interface NewSource {
  name: string;
  kind: string;
  /** names of stored secrets */
  secrets: string[];
  silentAfterMinutes?: number | undefined;
  /** when its silence is asked about; five minutes unless given */
  schedule?: string | undefined;
}

/**
 * Adds the bot of a source, under the same name. For owners and admins. Throws UsageError, NotFoundError for a secret that is not stored,
 * NameTakenError, and what `bots add` throws.
 */
export async function addSource(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: Catalogue },
  { name, kind, secrets, silentAfterMinutes, schedule }: NewSource,
): Promise<BotRow> {
  authorise(actor, 'add sources', 'admin');
  if (!sourceName.test(name))
    throw new UsageError({
      what: `${JSON.stringify(name)} cannot be the name of a source`,
      why: 'it is a part of an address: up to 50 lower-case letters, digits and hyphens, a letter or digit first',
      hint: 'for example alertmanager, or shop-sentry',
    });
  await requireStored(db, secrets);
  const config = {
    kind,
    secrets,
    ...(silentAfterMinutes !== undefined && { silent_after_minutes: silentAfterMinutes }),
  };
  const bot = newBot(
    {
      name,
      endpoint: endpointOf(name),
      schedule: schedule ?? sourceBot.schedule,
      set: Object.entries(config).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    },
    catalogue,
  );
  return (await addBot({ db, actor, catalogue }, { bot })).bot;
}

/** Throws NotFoundError for the first name of which there is no secret. */
export async function requireStored(db: Db, names: readonly string[]): Promise<void> {
  const stored = names.length > 0 ? await secretRows(db, [...names]) : [];
  for (const name of names)
    if (!stored.some((row) => row.name === name)) throw await noSecret(db, name);
}
