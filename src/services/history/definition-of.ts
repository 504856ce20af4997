/** Finds a definition by what people call it. */
import type { DefinitionKind } from '../../data/history/kinds.ts';
import type { Db } from '../../database/connect.ts';
import { NotFoundError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { limitNamed } from '../limits/change.ts';
import { silenceIdOf } from '../references/by-id.ts';
import { botOf, knowledgeOf } from '../references/named.ts';
import { settingNames } from '../settings/kinds/index.ts';

export interface NamedDefinition {
  kind: DefinitionKind;
  /** the id of its row, or its name */
  definition: string;
  /** what people call it */
  name: string;
}

type Found = Omit<NamedDefinition, 'kind'>;

/** How many names are compared with an unknown one. */
const maxNames = 2_000;

const byName = (name: string): Found => ({ definition: name, name });

const finders: Record<DefinitionKind, (db: Db, given: string) => Promise<Found> | Found> = {
  async bot(db, given) {
    const { id, name } = await botOf(db, given);
    return { definition: id, name };
  },
  async knowledge(db, given) {
    const { id, name } = await knowledgeOf(db, given);
    return { definition: id, name };
  },
  async silence(db, given) {
    const id = await silenceIdOf(db, given);
    return { definition: id, name: id.slice(0, 8) };
  },
  policy: () => byName('policy'),
  notifications: () => byName('notifications'),
  limit: (_, given) => byName(limitNamed(given).name),
  setting: settingNamed,
};

/** Throws NotFoundError with the nearest names, and AmbiguousIdError for the beginning of several ids. */
export async function definitionOf(
  db: Db,
  kind: DefinitionKind,
  given: string,
): Promise<NamedDefinition> {
  return { kind, ...(await finders[kind](db, given)) };
}

/** A setting that commands know, or that was changed in another way. */
async function settingNamed(db: Db, given: string): Promise<Found> {
  if ((settingNames as readonly string[]).includes(given)) return byName(given);
  const rows = await db
    .selectFrom('engine.definition_changes')
    .select('definition')
    .distinct()
    .where('kind', '=', 'setting')
    .limit(maxNames)
    .execute();
  const names = [...new Set([...settingNames, ...rows.map(({ definition }) => definition)])];
  if (names.includes(given)) return byName(given);
  throw new NotFoundError({
    what: `there is no setting ${printable(given)}`,
    why: 'no setting has this name, and none ever had a value under it',
    hint: didYouMean(given, names, '`npx roundsman settings` shows what there is'),
  });
}
