import type { Remedy, Risk } from '../../contract/remedy.ts';

/** Whether what a remedy did can be taken back; `risk` is the one with its parameters. */
export const isReversible = (remedy: Pick<Remedy, 'undo'> | undefined, risk: Risk): boolean =>
  remedy?.undo !== undefined && risk !== 'irreversible';
