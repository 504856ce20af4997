import type { SecretRow } from '../../data/secrets/rows.ts';

/** Its columns without the sealed text, which no reader can use. */
export const shownRow = ({ sealed: _, id: __, ...row }: SecretRow) => row;

export type ShownSecret = ReturnType<typeof shownRow>;
