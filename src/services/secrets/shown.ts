import type { SecretRow } from '../../data/secrets/rows.ts';

/** Its columns but the sealed text, which is of no use to who reads it. */
export const shownRow = ({ sealed: _, id: __, ...row }: SecretRow) => row;

export type ShownSecret = ReturnType<typeof shownRow>;
