import { letChecksRead } from '../../database/rights/grant-reader.ts';
import { connect } from '../../database/connect.ts';
import type { Fix } from './diagnosis.ts';

/** Lets checks read tables and sequences that were made after the last migration. It gives them no right to write. */
export const fixReader = (url: string): Fix => ({
  what: 'let checks read all rows of the tables that this login owns (SELECT engine.let_checks_read())',
  async apply() {
    const db = connect(url, { name: 'roundsman doctor', max: 1, asService: true });
    try {
      await db.transaction().execute(letChecksRead);
      return 'checks may read the tables that this login owns; the next doctor says whether any are still hidden';
    } finally {
      await db.destroy();
    }
  },
});
