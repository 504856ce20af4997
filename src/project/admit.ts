/** Takes a project's own bots and remedies into the catalogue, one after the other: one that is refused does not stop the others. */
import {
  BadCatalogueError,
  refuseUnfitBot,
  refuseUnfitKnowledge,
  refuseUnfitRemedy,
  type RefusedCode,
} from '../catalogue/catalogue.ts';
import type { Bot, KnowledgeSeed } from '../contract/bot.ts';
import type { Remedy } from '../contract/remedy.ts';
import type { Remedies } from '../playbook/read.ts';
import { remoteBot } from '../remote/bot.ts';
import { sourceBot } from '../sources/bot.ts';
import type { LoadedFiles } from './load-files.ts';
import { lineOfName, placeInWords, type Place } from './place.ts';

export interface Admitted {
  bots: Bot[];
  remedies: Remedy[];
  refused: RefusedCode[];
}

/**
 * The built-in bots and remedies, and with them what a project's files have. A name that is taken stays with who has it: with the
 * built-in catalogue, then with the first file. Of a bot whose entry of knowledge cannot be used, only the entry is left out.
 *
 * @param taken names of built-in bots that the project does not use, and that its own bots may not have either: rows and findings of the
 * database may belong to them
 * @param root the folder of the project
 */
export function admit(
  builtIn: { bots: readonly Bot[]; remedies: readonly Remedy[]; taken: readonly string[] },
  loaded: LoadedFiles,
  root: string,
): Admitted {
  const refused: RefusedCode[] = [...loaded.refused];
  const ownersOf = (names: readonly string[]) =>
    new Map<string, Place | null>(names.map((name) => [name, null]));
  const named = (all: readonly { name: string }[]) => all.map(({ name }) => name);
  const take = (what: string, owners: Map<string, Place | null>, name: string, place: Place) => {
    const owner = owners.get(name);
    if (owner === undefined) owners.set(name, place);
    else
      refused.push({
        ...place,
        why: `the ${what} ${name} is also in ${owner ? placeInWords(owner, root) : 'the built-in catalogue'}, and that one is used`,
        hint: `give this ${what} another name`,
      });
    return owner === undefined;
  };
  const fits = (place: Place, refuse: () => void): boolean => {
    try {
      refuse();
      return true;
    } catch (error) {
      if (!(error instanceof BadCatalogueError)) throw error;
      refused.push({ ...place, why: error.why, hint: 'correct it in that file' });
      return false;
    }
  };

  const remedies = [...builtIn.remedies];
  const remedyOwners = ownersOf(named(remedies));
  for (const { value, place } of loaded.remedies)
    if (
      fits(place, () => refuseUnfitRemedy(value)) &&
      take('remedy', remedyOwners, value.name, place)
    )
      remedies.push(value);

  const byName = new Map(remedies.map((remedy) => [remedy.name, remedy]));
  const known: Remedies = {
    remedy: (name) => byName.get(name),
    remedyNames: [...byName.keys()],
  };
  const bots = [...builtIn.bots];
  const botOwners = ownersOf([...builtIn.taken, ...named(bots), remoteBot.name, sourceBot.name]);
  const knowledgeOwners = ownersOf(bots.flatMap(({ knowledge = [] }) => named(knowledge)));
  for (const { value: bot, place } of loaded.bots) {
    if (!fits(place, () => refuseUnfitBot(bot)) || !take('bot', botOwners, bot.name, place))
      continue;
    const isUsable = (seed: KnowledgeSeed) => {
      const at = { file: place.file, line: lineOfName(place.file, seed.name) ?? place.line };
      return (
        fits(at, () => refuseUnfitKnowledge(seed, known)) &&
        take('knowledge', knowledgeOwners, seed.name, at)
      );
    };
    const knowledge = (bot.knowledge ?? []).filter(isUsable);
    bots.push(knowledge.length === (bot.knowledge?.length ?? 0) ? bot : { ...bot, knowledge });
  }
  return { bots, remedies, refused };
}
