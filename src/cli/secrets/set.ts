import {
  checkSecretName,
  checkValue,
  checkVariable,
  isSecretName,
  maxSecretBytes,
  notStored,
  sealingKeys,
  whyUnreadable,
} from '../../services/secrets/checks.ts';
import { setSecret as set, type NewSecret } from '../../services/secrets/set.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, note, say } from '../terminal/print.ts';
import { readValue } from './value.ts';

interface SetOptions {
  fromEnv?: string;
  as?: string;
  json?: true;
}

/** `isTooMuch`: more arguments were given than a name and these options; the error does not repeat them. */
export async function setSecret(
  name: string,
  options: SetOptions,
  isTooMuch: boolean,
): Promise<void> {
  if (isTooMuch)
    throw notStored(
      'there are more arguments than a name, --from-env, --as and --json; a value may not be an argument, because other users can see arguments',
      `give it on standard input, or on a terminal: \`npx roundsman secrets set ${isSecretName(name) ? name : 'NAME'}\``,
    );
  // Everything is checked before the database is opened, so that a mistake is reported at once.
  checkSecretName(name);
  const secret = await secretOf(name, options);
  await withDatabase(async ({ db }) => {
    const stored = await set({ db, actor: actorOf(options.as) }, secret);
    if (options.json) return printJson(stored.secret);
    const { variable, key_id } = stored.secret;
    const where = variable === null ? `sealed by the key ${key_id}` : `in ${variable}`;
    say(`${stored.isNew ? 'Stored' : 'Replaced'} ${name}: ${where}.`);
    say(`Playbooks and channels refer to it as ${stored.reference}.`);
  });
}

async function secretOf(name: string, { fromEnv }: SetOptions): Promise<NewSecret> {
  const { readConfig } = await import('../../config.ts');
  const config = readConfig();
  if (fromEnv !== undefined) {
    checkVariable(fromEnv);
    const why = whyUnreadable(config, fromEnv);
    if (why !== null) note(`${fromEnv}: ${why}; each worker needs it in its environment`);
    return { name, variable: fromEnv };
  }
  const keys = sealingKeys(config, name);
  const value = await readValue(`Value of ${name}`, maxSecretBytes);
  checkValue(value);
  return { name, value, keys };
}
