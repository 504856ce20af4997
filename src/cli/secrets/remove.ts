import { printable } from '../../ground/text.ts';
import { checkSecretName } from '../../services/secrets/checks.ts';
import { removeSecret as remove, usersOfSecret } from '../../services/secrets/remove.ts';
import { actorOf } from '../arguments/actor.ts';
import { goesAhead } from '../terminal/ask.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';

export async function removeSecret(
  name: string,
  options: { yes?: true; json?: true },
): Promise<void> {
  checkSecretName(name);
  await withDatabase(async ({ db }) => {
    const { secretsOf: asked } = await loadCatalogue();
    const used = await usersOfSecret(db, { name, asked });
    const entries = used.map(printable).join(', ');
    const need = used.length === 1 ? 'needs' : 'need';
    const which = used.length > 0 ? `, which ${entries} ${need}` : '';
    if (!(await goesAhead(options, `Remove ${name}${which}?`))) return;
    const evenInUse = used.length > 0;
    const { secret, usedBy } = await remove({ db, actor: actorOf() }, { name, evenInUse, asked });
    if (options.json) return printJson({ ...secret, used_by: usedBy });
    say(`Removed ${name}.`);
    if (usedBy.length > 0)
      say(`These do not work until it is stored again: ${usedBy.map(printable).join(', ')}`);
  });
}
