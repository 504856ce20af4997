/** How freely an entry of knowledge may act: the words of `bot_knowledge.autonomy` and their order. */
export type Autonomy = 'shadow' | 'suggest' | 'auto';

/** All autonomies, from the least to the most free. Code compares them by their rank in this list, never by text. */
export const autonomies: readonly Autonomy[] = ['shadow', 'suggest', 'auto'];

/** The place of an autonomy in that order: 0 is the least free. */
export const autonomyRank = (autonomy: Autonomy): number => autonomies.indexOf(autonomy);
