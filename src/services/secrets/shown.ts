import type { SecretRow } from '../../data/secrets/rows.ts';

/** A secret's row as commands show it: without its id and the sealed value, which are of no use to a reader. */
export const shownRow = ({ sealed: _, id: __, ...row }: SecretRow) => row;

export type ShownSecret = ReturnType<typeof shownRow>;
