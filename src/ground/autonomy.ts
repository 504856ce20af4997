/** How freely an entry of knowledge may act: the words of `bot_knowledge.autonomy` and their order. */
export type Autonomy = 'shadow' | 'suggest' | 'auto';

/** From the least to the most that an entry may do; they are ordered by this rank, never by text. */
export const autonomies: readonly Autonomy[] = ['shadow', 'suggest', 'auto'];

/** 0 for the least. */
export const freedomOf = (autonomy: Autonomy): number => autonomies.indexOf(autonomy);
