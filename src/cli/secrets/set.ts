import type { Config } from '../../config.ts';
import { isOwnSetting, longest, mendUnfit, unfit } from '../../data/secrets/open.ts';
import { storeSealed, storeVariable, type SecretRow } from '../../data/secrets/rows.ts';
import type { KeyRing } from '../../ground/key-ring.ts';
import { UsageError } from '../../ground/errors.ts';
import { referenceTo, secretName } from '../../ground/secret-reference.ts';
import { storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { json, note, say } from '../terminal/print.ts';
import { readValue } from './value.ts';

interface SetOptions {
  fromEnv?: string;
  as?: string;
  json?: true;
}

/** `isTooMuch`: more was given than a name and these options; it is not repeated. */
export async function setSecret(
  name: string,
  options: SetOptions,
  isTooMuch: boolean,
): Promise<void> {
  if (isTooMuch)
    throw refused(
      'more was given than a name, --from-env, --as and --json; a value is no argument, because others see those',
      `give it on standard input, or on a terminal: \`npx roundsman secrets set ${secretName.test(name) ? name : 'NAME'}\``,
    );
  checkSecretName(name);
  const { readConfig } = await import('../../config.ts');
  const config = readConfig();
  const by = storable(actor(options.as));
  const { fromEnv } = options;
  if (fromEnv !== undefined) {
    checkVariable(fromEnv);
    tellOfVariable(config, fromEnv);
    return store(options, (db) => storeVariable(db, { name, variable: fromEnv, actor: by }));
  }
  const keys = keysOf(config, name);
  const value = await readValue(`Value of ${name}`, longest);
  const why = unfit(value);
  if (why !== null) throw refused(why, mendUnfit(value));
  await store(options, (db) => storeSealed(db, keys, { name, value, actor: by }));
}

async function store(
  options: SetOptions,
  write: (db: Parameters<typeof storeSealed>[0]) => Promise<{ row: SecretRow; isNew: boolean }>,
): Promise<void> {
  await withDatabase(async ({ db }) => {
    const { row, isNew } = await write(db);
    if (options.json) return json(shownRow(row));
    const { name, variable } = row;
    const where = variable === null ? `sealed by the key ${row.key_id}` : `in ${variable}`;
    say(`${isNew ? 'Stored' : 'Replaced'} ${name}: ${where}.`);
    say(`Playbooks refer to it as ${referenceTo(name)}.`);
  });
}

/** Its columns but the sealed text, which is of no use to who reads it. */
export const shownRow = ({ sealed: _, id: __, ...row }: SecretRow) => row;

export function checkSecretName(name: string): void {
  if (secretName.test(name)) return;
  throw new UsageError({
    what: `${name.slice(0, 120) || 'an empty text'} cannot be the name of a secret`,
    why: 'a name is at most 100 capital letters, digits and _, and begins with a letter',
    hint: 'for example SLACK_TOKEN',
  });
}

function checkVariable(variable: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(variable))
    throw refused(
      '--from-env names no variable: letters, digits and _ make one up',
      'for example --from-env SLACK_TOKEN; the value itself is not given here',
    );
  if (isOwnSetting(variable))
    throw refused(
      `${variable} is a setting of the engine itself, which no playbook may send anywhere`,
      'take another variable',
    );
}

/** Workers may have another environment than this command: that it is not here is no error. */
function tellOfVariable({ variable }: Config, from: string): void {
  const value = variable(from);
  const why = value === undefined ? 'it is not set here' : unfit(value);
  if (why !== null) note(`${from}: ${why}; each worker needs it in its environment`);
}

/** The keys with which values are sealed. Throws {@link UsageError} that says how to make one. */
export function keysOf({ keys }: Config, what: string): KeyRing {
  if (keys) return keys;
  throw new UsageError({
    what: `${what} cannot be sealed`,
    why: 'ROUNDSMAN_KEYS is not set, so there is no key to seal with',
    hint: 'make a key, `openssl rand -base64 32`, and set ROUNDSMAN_KEYS=k1:KEY for this command and every worker (in the environment or .env); or store only where the value is: --from-env VARIABLE',
  });
}

const refused = (why: string, hint: string): UsageError =>
  new UsageError({ what: 'the secret was not stored', why, hint });
