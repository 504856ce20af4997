/** The sources of a listener: who may send, and how each delivery is proven. */
import { sql } from 'kysely';
import { currentTime } from '../../data/bots/engine.ts';
import { ClosedSecretError, openSecret, type SecretSources } from '../../data/secrets/open.ts';
import { secretRows } from '../../data/secrets/rows.ts';
import type { Db } from '../../database/connect.ts';
import { referenceTo } from '../../ground/secrets/secret-reference.ts';
import { openRedaction, type Redaction } from '../../ground/secrets/redact.ts';
import { readSourceConfig, type SourceConfig } from '../../sources/config.ts';
import { sourceOf } from '../../sources/endpoint.ts';
import { kindOf } from '../../sources/kinds/index.ts';
import type { NamedSecret, SourceKind } from '../../sources/reading/kind.ts';

export interface Source {
  name: string;
  botId: string;
  kind: SourceKind;
  config: SourceConfig;
  /** those that open in this process and fit the kind */
  secrets: readonly NamedSecret[];
  /** why a delivery cannot be proven, one sentence for each secret that is not usable; empty where all are */
  problems: readonly string[];
  /** removes the values of its secrets from what is stored */
  redaction: Redaction;
}

interface SourceRow {
  id: string;
  api_endpoint: string;
  config: unknown;
}

/** What is read is used for this long: a new source, secret or setting counts from then on. */
const freshMs = 2_000;

export interface Registry {
  /**
   * The source of this name, if its bot takes deliveries: it is neither removed, disabled nor in error; and the database's time, by which
   * signatures are judged: that of this host may be wrong. Rejects during an outage.
   */
  find(db: Db, name: string): Promise<{ source: Source | undefined; now: Date }>;
}

export function openRegistry(secretSources: SecretSources): Registry {
  let known: ReadonlyMap<string, Source> = new Map();
  let readAt = -Infinity;
  /** the database's time at `readAt`, in milliseconds since 1970 */
  let timeThen = 0;
  let reading: Promise<void> | null = null;
  async function readAll(db: Db): Promise<void> {
    const sources = await readSources(db, secretSources);
    timeThen = (await currentTime(db)).getTime();
    readAt = performance.now();
    known = new Map(sources.map((source) => [source.name, source]));
  }
  return {
    async find(db, name) {
      if (performance.now() - readAt > freshMs)
        await (reading ??= readAll(db).finally(() => (reading = null)));
      return { source: known.get(name), now: new Date(timeThen + performance.now() - readAt) };
    },
  };
}

/** All sources that take deliveries. A paused bot's are kept for it. */
export async function readSources(db: Db, secretSources: SecretSources): Promise<Source[]> {
  const { rows } = await sql<SourceRow>`
    SELECT id, api_endpoint, config FROM bots
    WHERE api_endpoint LIKE 'in:%' AND removed_at IS NULL AND status IN ('active', 'paused')`.execute(
    db,
  );
  const configs = rows.flatMap((row) => {
    const config = readSourceConfig(row.config);
    return config ? [{ row, config }] : [];
  });
  const names = [...new Set(configs.flatMap(({ config }) => config.secrets))];
  const stored = new Map(
    (names.length > 0 ? await secretRows(db, names) : []).map((row) => [row.name, row]),
  );
  return configs.map(({ row, config }) => {
    const kind = kindOf(config.kind);
    const secrets: NamedSecret[] = [];
    const problems: string[] = config.secrets.length === 0 ? ['no secret is set for it'] : [];
    for (const name of config.secrets) {
      const secret = stored.get(name);
      if (!secret) {
        problems.push(`the secret ${name} is not stored`);
        continue;
      }
      try {
        const opened = openSecret(secretSources, secret);
        const why = kind.whyUnusable?.(opened.value) ?? null;
        if (why === null) secrets.push(opened);
        else problems.push(`the secret ${name} does not fit: ${why}`);
      } catch (error) {
        if (!(error instanceof ClosedSecretError)) throw error;
        problems.push(`the secret ${name} cannot be opened: ${error.why}`);
      }
    }
    const redaction = openRedaction();
    redaction.learn(secrets.map(({ name, value }) => ({ value, as: referenceTo(name) })));
    return {
      name: sourceOf(row.api_endpoint),
      botId: row.id,
      kind,
      config,
      secrets,
      problems,
      redaction,
    };
  });
}
