import { printable } from '../../ground/text.ts';
import { addSource as add } from '../../services/sources/add.ts';
import { showSource } from '../../services/sources/read.ts';
import { rotateSecret } from '../../services/sources/rotate.ts';
import { UsageError } from '../../ground/errors.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { sayLacks } from './lacks.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';

export async function addSource(
  name: string,
  options: { kind: string; secret: string[]; silentAfter?: number; json?: true },
): Promise<void> {
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db, config }) => {
    const { kind, secret: secrets, silentAfter: silentAfterMinutes } = options;
    await add({ db, actor: actorOf(), catalogue }, { name, kind, secrets, silentAfterMinutes });
    const source = await showSource(db, config, { name, limit: 1 });
    if (options.json) return printJson(source);
    say(`Added ${name}. Its deliveries go to ${printable(source.url)}`);
    if (source.problem !== null) say(`They are refused so far: ${printable(source.problem)}`);
    sayLacks(source);
    say('To be set at the sender:');
    for (const line of source.set_up) say(`  - ${printable(line)}`, '    ');
    say(`\`npx roundsman sources test ${name}\` sends one, once \`up\` or \`web\` listens.`);
  });
}

export async function rotateSource(
  name: string,
  options: { secret?: string; drop?: string; json?: true },
): Promise<void> {
  const { secret, drop } = options;
  if (secret === undefined && drop === undefined)
    throw new UsageError({
      what: 'nothing to rotate',
      why: 'neither --secret nor --drop is given',
      hint: `add one with \`npx roundsman sources rotate ${name} --secret NAME\``,
    });
  const catalogue = await loadCatalogue();
  await withDatabase(async ({ db, config }) => {
    const source = await showSource(db, config, { name, limit: 1 });
    const { secrets } = await rotateSecret({ db, actor: actorOf(), catalogue }, source, {
      add: secret,
      drop,
    });
    if (options.json) return printJson({ name, secrets });
    say(`Deliveries of ${name} are proven by ${secrets.map(printable).join(', ')}.`);
    const [newest, ...older] = secrets;
    if (secret !== undefined && older.length > 0)
      say(
        `Give the sender ${newest}. Once \`npx roundsman sources show ${name}\` says that deliveries come by ${newest}, drop the other: \`npx roundsman sources rotate ${name} --drop ${older.at(-1)}\``,
      );
  });
}
