import type { Catalogue } from '../../catalogue/catalogue.ts';
import { connect } from '../../database/connect.ts';
import { NoBotForFaultError } from '../../demo/faults/catalogue-bot.ts';
import { finderOf, type Fault } from '../../demo/faults/fault.ts';
import { faults } from '../../demo/faults/index.ts';
import { analyzePlanted, plantOnce } from '../../demo/faults/planted.ts';
import { refuseRealPeople } from '../../demo/only-fiction.ts';
import { messageOf, RoundsmanError, UsageError } from '../../ground/errors.ts';
import { didYouMean } from '../../ground/nearest.ts';
import { printable } from '../../ground/text.ts';
import { registerCatalogue } from '../../schedule/register.ts';
import { authorise, type Actor } from '../actor.ts';
import { requirePlatform } from './require-platform.ts';
import type { Db } from '../../database/connect.ts';

/** The word that stands for the names of all faults. */
const allFaults = 'all';

/** A fault that can be planted, and the check that finds it. */
export interface KnownFault {
  name: string;
  title: string;
  bot: string;
  check: string;
}

const described = (fault: Fault): KnownFault => ({
  name: fault.name,
  title: fault.title,
  ...finderOf(fault),
});

/** All faults by name. */
export const listFaults = (): KnownFault[] =>
  faults.map(described).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/**
 * The names of these faults, each once; several may be joined with commas, and `all` names every one. Throws UsageError for an
 * unknown name.
 */
export function faultsNamed(given: readonly string[]): string[] {
  const names = listFaults().map(({ name }) => name);
  const asked = given.flatMap((each) => each.split(',').map((name) => name.trim()));
  for (const name of asked)
    if (name !== allFaults && !names.includes(name))
      throw new UsageError({
        what: `there is no fault ${printable(name) || 'without a name'}`,
        why: `it has to be the name of a fault that can be planted, or \`${allFaults}\``,
        hint: didYouMean(
          name,
          [...names, allFaults],
          '`npx roundsman db seed --faults` lists them',
        ),
      });
  return asked.includes(allFaults) ? names : [...new Set(asked)];
}

/** Throws as {@link withPlanter} does, before the database is migrated. */
export async function refuseRealDatabase(db: Db): Promise<void> {
  await requirePlatform(db, 'no fault was planted');
  await refuseRealPeople(db);
}

const hintFor = ({ afterCommit }: Fault): string =>
  `${afterCommit ? 'a part of it may be there, and the same command tries the rest again' : 'nothing of it is there'}; an empty database takes it: set DATABASE_URL, or ROUNDSMAN_HOME for another embedded one`;

export interface PlantedFault extends KnownFault {
  /** false if it had been planted before: then nothing was changed */
  planted: boolean;
}

/** A fault could not be planted in this database; `hint` says whether a part of it was written. */
export class NotPlantedError extends RoundsmanError {}

/** Plants one fault. */
export type PlantFault = (name: string) => Promise<PlantedFault>;

/**
 * Gives `work` the function that plants faults, once the bots that are to find them are registered. For owners. Throws RealPeopleError where the database holds people who are not
 * fictional, and NoPlatformError where only the bots are installed.
 */
export async function withPlanter<Result>(
  { url, actor, catalogue }: { url: string; actor: Actor; catalogue: Catalogue },
  work: (plant: PlantFault) => Promise<Result>,
): Promise<Result> {
  authorise(actor, 'plant faults', 'owner');
  // A deadlock needs two sessions.
  await using db = connect(url, { max: 2, name: 'roundsman faults' });
  await refuseRealDatabase(db);
  await registerCatalogue(db, catalogue);
  const result = await work(async (name) => {
    const fault = faults.find((each) => each.name === name)!;
    try {
      return { ...described(fault), planted: (await plantOnce(db, fault)) !== null };
    } catch (error) {
      throw new NotPlantedError(
        {
          what: `the fault ${name} was not planted`,
          why: messageOf(error),
          hint: error instanceof NoBotForFaultError ? error.hint : hintFor(fault),
        },
        { cause: error },
      );
    }
  });
  await analyzePlanted(db);
  return result;
}
