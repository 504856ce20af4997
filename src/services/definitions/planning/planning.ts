import type { Catalogue } from '../../../catalogue/catalogue.ts';
import type { Db } from '../../../database/connect.ts';
import type { LackingTables } from '../../bots/lacking.ts';
import type { PlacedProblem } from '../files/read.ts';
import type { DefinitionRow } from './sets.ts';
import type { Change, Named } from './change.ts';

/** A plan while it is made: what was read, and what was found so far. */
export interface Planning {
  db: Db;
  catalogue: Catalogue;
  set: string | null;
  takeOver: boolean;
  lacking: LackingTables;
  rows: Map<string, DefinitionRow>;
  /** the same by the rows that they are */
  definitionsOf: Map<string, DefinitionRow[]>;
  now: Date;
  problems: PlacedProblem[];
  notes: string[];
  same: Named[];
  changes: Change[];
  owned: number;
  /** definitions of the set that its files no longer name, and that stay */
  left: number;
  /** names of bots that there are afterwards */
  bots: Set<string>;
}
