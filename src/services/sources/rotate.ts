import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { authorise, type Actor } from '../actor.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { editBot } from '../bots/edit.ts';
import { requireStored } from './add.ts';
import type { ShownSource } from './read.ts';

export interface Rotation {
  /** the names of the secrets that prove deliveries from now on, the newest first */
  secrets: string[];
}

/**
 * Adds a secret before the present ones, or takes one away. While both are there the sender may use either. For owners and admins. Throws
 * NotFoundError for a secret that is not stored, UsageError for one that is there, or is not, or would leave none.
 */
export async function rotateSecret(
  { db, actor, catalogue }: { db: Db; actor: Actor; catalogue: Catalogue },
  source: Pick<ShownSource, 'name' | 'secrets'>,
  { add, drop }: { add?: string | undefined; drop?: string | undefined },
): Promise<Rotation> {
  authorise(actor, 'change the secrets of sources', 'admin');
  const refuse = (why: string, hint: string) => {
    throw new UsageError({ what: `the secrets of ${source.name} were not changed`, why, hint });
  };
  if (add !== undefined) await requireStored(db, [add]);
  if (add !== undefined && source.secrets.includes(add))
    refuse(
      `${add} is one of them already`,
      'store the new value under another name, and give that',
    );
  if (drop !== undefined && !source.secrets.includes(drop))
    refuse(
      `${drop} is none of them`,
      didYouMean(drop, source.secrets, `they are: ${source.secrets.join(', ') || 'none'}`),
    );
  const secrets = [
    ...(add === undefined ? [] : [add]),
    ...source.secrets.filter((name) => name !== drop),
  ];
  if (secrets.length === 0)
    refuse(
      `${drop} is the only one, and without any every delivery is refused`,
      'add the new one first: `--secret NAME`',
    );
  if (secrets.length > 4)
    refuse('there would be more than 4', 'take one away first: `--drop NAME`');
  await editBot(
    { db, actor, catalogue },
    { bot: source.name, edit: {}, settings: { set: [`secrets=${JSON.stringify(secrets)}`] } },
  );
  return { secrets };
}
