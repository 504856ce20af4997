/** What people see of sources. */
import { sql } from 'kysely';
import type { Config } from '../../config.ts';
import { readSetting, webUrl } from '../../data/settings/rows.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { kindOf } from '../../sources/kinds/index.ts';
import { readSourceConfig, type SourceConfig } from '../../sources/config.ts';
import { sourceOf } from '../../sources/endpoint.ts';
import type { Lacking } from '../../sources/reading/kind.ts';
import { readSources } from './registry.ts';

export interface ListedSource {
  /** the bot's name */
  name: string;
  source: string;
  kind: string;
  /** where its sender sends to */
  url: string;
  /** the bot's status */
  status: string;
  /** names of the secrets that prove it */
  secrets: string[];
  /** why its deliveries are refused; null where they are taken */
  problem: string | null;
  /** what its settings lack, so that its deliveries raise no alarm, or end none; empty where nothing is */
  lacks: string[];
  deliveries: number;
  unread: number;
  last_received_at: Date | null;
  silent_after_minutes: number | null;
}

type Here = Pick<Config, 'webHost' | 'webPort' | 'keys' | 'variable'>;

/** The address of the listener itself, as this machine reaches it. */
export const localAddress = ({ webHost, webPort }: Pick<Config, 'webHost' | 'webPort'>): string => {
  const host = ['0.0.0.0', '::'].includes(webHost) ? '127.0.0.1' : webHost;
  return `http://${host.includes(':') ? `[${host}]` : host}:${webPort}`;
};

/** The address to which the sender of a source sends: below the setting `web_url`, or else the listener's own. */
export async function addressOf(
  db: Db,
  config: Pick<Config, 'webHost' | 'webPort'>,
  source: string,
): Promise<string> {
  const set = (await readSetting(db, webUrl))?.value;
  const base = typeof set === 'string' ? set.replace(/\/+$/, '') : localAddress(config);
  return `${base}/in/${source}`;
}

interface Row {
  name: string;
  api_endpoint: string;
  config: unknown;
  status: string;
  last_number: string;
  read: string;
  last_received_at: Date | null;
}

/** All sources that were not removed, by name. */
export async function listSources(db: Db, config: Here): Promise<ListedSource[]> {
  const { rows } = await sql<Row>`
    SELECT b.name, b.api_endpoint, b.config, b.status, coalesce(s.last_number, 0) AS last_number, s.last_received_at,
           coalesce((SELECT (m.remembered ->> 'read')::bigint FROM engine.check_memories m
                     WHERE m.bot_id = b.id AND m.check_name = 'deliveries'), 0) AS read
    FROM bots b LEFT JOIN engine.sources s ON s.bot_id = b.id
    WHERE b.api_endpoint LIKE 'in:%' AND b.removed_at IS NULL ORDER BY b.name`.execute(db);
  const taking = new Map((await readSources(db, config)).map((source) => [source.name, source]));
  return Promise.all(
    rows.map(async (row) => {
      const source = sourceOf(row.api_endpoint);
      const own = readSourceConfig(row.config);
      const open = taking.get(source);
      return {
        name: row.name,
        source,
        kind: own?.kind ?? 'unknown',
        url: await addressOf(db, config, source),
        status: row.status,
        secrets: own?.secrets ?? [],
        problem: open
          ? open.secrets.length > 0
            ? null
            : open.problems.join('; ')
          : own
            ? `its bot is ${row.status}`
            : 'its settings cannot be read',
        lacks: own ? Object.values(lacksOf(own)).filter((each) => each !== null) : [],
        deliveries: Number(row.last_number),
        unread: Number(BigInt(row.last_number) - BigInt(row.read)),
        last_received_at: row.last_received_at,
        silent_after_minutes: own?.silent_after_minutes ?? null,
      };
    }),
  );
}

export interface ShownDelivery {
  number: number;
  received_at: Date;
  sent_at: Date | null;
  event: string;
  secret: string;
  /** how many of its alarms fire, and how many are resolved */
  firing: number;
  resolved: number;
  /** why it is not read */
  ignored: string | null;
  read: boolean;
}

export interface ShownSource extends ListedSource {
  /** what has to be set at the sender */
  set_up: string[];
  newest: ShownDelivery[];
}

/** What the settings of a source lack, so that no delivery raises an alarm, and none ends one. */
export const lacksOf = (own: SourceConfig): Lacking =>
  kindOf(own.kind).lacks?.(own) ?? { alarms: null, ends: null };

/** One source by the name of its bot, with its newest deliveries. Throws NotFoundError. */
export async function showSource(
  db: Db,
  config: Here,
  { name, limit }: { name: string; limit: number },
): Promise<ShownSource> {
  const all = await listSources(db, config);
  const found = all.find((each) => each.name === name);
  if (!found)
    throw new NotFoundError({
      what: `there is no source ${name}`,
      why: all.length === 0 ? 'there is none yet' : 'no source has this name',
      hint: didYouMean(
        name,
        all.map((each) => each.name),
        '`npx roundsman sources list` shows what there is',
      ),
    });
  const { rows } = await sql<ShownDelivery>`
    SELECT i.number::int8::float8 AS number, i.received_at, i.sent_at, i.event, i.secret, i.ignored,
           (SELECT count(*)::int FROM jsonb_array_elements(i.alarms) a WHERE a ->> 'state' = 'firing') AS firing,
           (SELECT count(*)::int FROM jsonb_array_elements(i.alarms) a WHERE a ->> 'state' = 'resolved') AS resolved,
           i.number <= ${found.deliveries - found.unread} AS read
    FROM engine.inbox i JOIN bots b ON b.id = i.bot_id
    WHERE b.name = ${name} AND b.removed_at IS NULL ORDER BY i.number DESC LIMIT ${limit}`.execute(
    db,
  );
  return { ...found, set_up: setUpOf(found.kind), newest: rows };
}

/** What a person has to set at the sender; empty for a kind that cannot be read. */
export function setUpOf(kind: string): string[] {
  if (kind === 'unknown') return [];
  const { secret, setUp } = kindOf(kind);
  return [...setUp, `the secret: ${secret}`];
}
