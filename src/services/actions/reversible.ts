import type { Remedy, Risk } from '../../contract/remedy.ts';

/** Whether the effect of a remedy can be undone; `risk` is the risk with its parameters. */
export const isReversible = (remedy: Pick<Remedy, 'undo'> | undefined, risk: Risk): boolean =>
  remedy?.undo !== undefined && risk !== 'irreversible';
