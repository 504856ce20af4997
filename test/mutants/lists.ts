import { gates } from './of-gates.ts';
import { deciding } from './of-deciding.ts';
import { judging } from './of-judging.ts';
import type { Mutants } from './mutant.ts';

export const lists: readonly Mutants[] = [...gates, ...judging, ...deciding];
