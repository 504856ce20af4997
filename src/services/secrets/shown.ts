import type { SecretRow } from '../../data/secrets/rows.ts';

/** A secret's row as commands show it, without its id and without the sealed text, which no reader can use. */
export const shownRow = ({ sealed: _, id: __, ...row }: SecretRow) => row;

export type ShownSecret = ReturnType<typeof shownRow>;
