/** `engine.secrets`: who stored which secret, and where its value is. Functions here return no value. */
import { sql, type Selectable } from 'kysely';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { secretName, secretsNamedIn } from '../../ground/secrets/secret-reference.ts';
import type { Db } from '../../database/connect.ts';
import type { KeyRing } from '../../ground/secrets/key-ring.ts';
import { seal, type Identity } from '../../ground/secrets/sealing.ts';
import type { EngineSecrets } from '../../database/tables.ts';

export type SecretRow = Selectable<EngineSecrets>;

/** No secret has this name. */
export class NoSecretError extends NotFoundError {
  constructor(name: string, stored: readonly string[]) {
    const set = secretName.test(name) ? `; \`npx roundsman secrets set ${name}\` stores it` : '';
    super({
      what: `there is no secret ${name}`,
      why: 'none of that name is stored',
      hint: didYouMean(name, stored, `\`npx roundsman secrets list\` shows what there is${set}`),
    });
  }
}

/** The error for a secret that is not stored, with the nearest names of those that are. */
export async function noSecret(db: Db, name: string): Promise<NoSecretError> {
  const stored = await db.selectFrom('engine.secrets').select('name').execute();
  return new NoSecretError(
    name,
    stored.map((row) => row.name),
  );
}

/**
 * What binds a sealed value to its row. It differs from the identity of a credential, which begins with a user's id.
 */
export const identityOf = ({ name, id }: Pick<SecretRow, 'name' | 'id'>): Identity => ({
  parts: ['engine.secrets', name, id],
  called: `the secret ${name}`,
});

const now = sql<Date>`engine.now()`;

/** Seals and stores a checked value in place of the present one. Returns the row, and whether it is new. */
export const storeSealed = (
  db: Db,
  ring: KeyRing,
  { name, value, actor }: { name: string; value: string; actor: string },
): Promise<{ row: SecretRow; isNew: boolean }> =>
  db.transaction().execute(async (trx) => {
    // Each value has an id of its own: an old sealed text does not open in place of a new one.
    const id = crypto.randomUUID();
    const { text, keyId } = seal(ring, identityOf({ name, id }), value);
    return write(trx, { name, id, sealed: text, key_id: keyId, variable: null, actor });
  });

/** Records that the value is in an environment variable of each process that needs it. */
export const storeVariable = (
  db: Db,
  { name, variable, actor }: { name: string; variable: string; actor: string },
): Promise<{ row: SecretRow; isNew: boolean }> =>
  db
    .transaction()
    .execute((trx) =>
      write(trx, { name, id: crypto.randomUUID(), sealed: null, key_id: null, variable, actor }),
    );

async function write(
  trx: Db,
  {
    name,
    actor,
    ...where
  }: Pick<SecretRow, 'name' | 'id' | 'sealed' | 'key_id' | 'variable'> & { actor: string },
): Promise<{ row: SecretRow; isNew: boolean }> {
  const before = await trx
    .selectFrom('engine.secrets')
    .select('name')
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
  const values = { ...where, changed_at: now, changed_by: actor, rotated_at: null };
  const row = await trx
    .insertInto('engine.secrets')
    .values({ name, ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .returningAll()
    .executeTakeFirstOrThrow();
  return { row, isNew: before === undefined };
}

export const listSecrets = (db: Db): Promise<SecretRow[]> =>
  db.selectFrom('engine.secrets').selectAll().orderBy('name').execute();

/** The rows with these names; a name that is not stored has none. */
export const secretRows = (db: Db, names: readonly string[]): Promise<SecretRow[]> =>
  db.selectFrom('engine.secrets').selectAll().where('name', 'in', names).execute();

/** Removes the row and returns it. Throws {@link NoSecretError}. */
export async function removeSecret(db: Db, name: string): Promise<SecretRow> {
  const row = await db
    .deleteFrom('engine.secrets')
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw await noSecret(db, name);
  return row;
}

/** Which secrets the code of the bot behind an endpoint asks for, with its `bots.config`. */
export type AskedSecrets = (endpoint: string, config: unknown) => readonly string[];

/**
 * What refers to each secret: the names of entries of knowledge, without removed ones (with `enabled` only enabled), and
 * channels of messages, as `channel ops`, remote bots, as `bot mail`, and sources, as `source alertmanager`; with `asked` also bots of
 * the catalogue whose code asks for it, as `bot architect`.
 */
export async function usesOfSecrets(
  db: Db,
  { enabled = false, asked }: { enabled?: boolean; asked?: AskedSecrets } = {},
): Promise<Map<string, string[]>> {
  const entries = await db
    .selectFrom('bot_knowledge')
    .select(['name', 'solution'])
    .where('solution', 'like', '%{{secret:%')
    .where('removed_at', 'is', null)
    .$if(enabled, (query) => query.where('enabled', '=', true))
    .orderBy('name')
    .execute();
  const uses = new Map<string, string[]>();
  for (const { name, solution } of entries)
    for (const secret of secretsNamedIn(solution))
      uses.set(secret, [...(uses.get(secret) ?? []), name]);
  for (const [name, config] of await channelsOf(db))
    for (const secret of secretsNamedIn(config))
      uses.set(secret, [...(uses.get(secret) ?? []), `channel ${name}`]);
  const named = await secretsInConfigs(db, enabled);
  const askedFor = asked ? await secretsOfCode(db, enabled, asked) : [];
  for (const { called, secret } of [...named, ...askedFor])
    uses.set(secret, [...(uses.get(secret) ?? []), called]);
  return uses;
}

/**
 * The names of entries that came with the catalogue, are only suggested, and have fitted no finding so far: a new installation has
 * them without having set up what they are about.
 */
export async function entriesNeverAskedFor(db: Db): Promise<Set<string>> {
  const rows = await db
    .selectFrom('bot_knowledge as k')
    .select('k.name')
    .where('k.catalogue_name', 'is not', null)
    .where('k.autonomy', '=', 'suggest')
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('bot_decisions as d').select('d.id').whereRef('d.knowledge_id', '=', 'k.id'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('bot_knowledge_autonomy as a')
            .select('a.component')
            .whereRef('a.knowledge_id', '=', 'k.id')
            .where('a.autonomy', '=', 'auto'),
        ),
      ),
    )
    .execute();
  return new Set(rows.map(({ name }) => name));
}

async function secretsOfCode(
  db: Db,
  enabledOnly: boolean,
  asked: AskedSecrets,
): Promise<{ called: string; secret: string }[]> {
  const { rows } = await sql<{ name: string; api_endpoint: string; config: unknown }>`
    SELECT b.name, b.api_endpoint, b.config FROM bots b
    WHERE NOT (b.api_endpoint LIKE 'https://%' OR b.api_endpoint LIKE 'in:%') AND b.removed_at IS NULL
      AND (NOT ${enabledOnly}::boolean OR b.status = 'active') ORDER BY b.name`.execute(db);
  return rows.flatMap(({ name, api_endpoint, config }) =>
    asked(api_endpoint, config).map((secret) => ({ called: `bot ${name}`, secret })),
  );
}

/**
 * The secrets that remote bots and bots of sources name in their config, whatever a statement has written there. A paused source
 * still takes deliveries, and so needs its secret.
 */
async function secretsInConfigs(
  db: Db,
  enabledOnly: boolean,
): Promise<{ called: string; secret: string }[]> {
  const { rows } = await sql<{ called: string; secret: string }>`
    SELECT CASE WHEN b.api_endpoint LIKE 'in:%' THEN 'source ' || substr(b.api_endpoint, 4) ELSE 'bot ' || b.name END AS called, s.secret
    FROM bots b, LATERAL jsonb_array_elements_text(
      CASE WHEN jsonb_typeof(b.config -> 'secrets') = 'array' THEN b.config -> 'secrets' ELSE '[]' END) AS s(secret)
    WHERE (b.api_endpoint LIKE 'https://%' OR b.api_endpoint LIKE 'in:%') AND b.removed_at IS NULL
      AND (NOT ${enabledOnly}::boolean OR b.status = 'active' OR b.status = 'paused' AND b.api_endpoint LIKE 'in:%')
      AND s.secret IS NOT NULL ORDER BY b.name`.execute(db);
  return rows;
}

/** The channels of the setting `notifications`, whatever a statement has written there. */
async function channelsOf(db: Db): Promise<[name: string, config: unknown][]> {
  const row = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', 'notifications')
    .executeTakeFirst();
  const channels = (row?.value as { channels?: unknown } | null | undefined)?.channels;
  return channels !== null && typeof channels === 'object' ? Object.entries(channels) : [];
}
