import type { Remedy, Risk } from '../../contract/remedy.ts';

/** Whether the effect of a remedy can be undone; `risk` is its risk with the parameters of the step. */
export const isReversible = (remedy: Pick<Remedy, 'undo'> | undefined, risk: Risk): boolean =>
  remedy?.undo !== undefined && risk !== 'irreversible';
