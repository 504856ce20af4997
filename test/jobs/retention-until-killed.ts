/** A process that removes old rows, as the job `retention` does. Argument: the address of the database. */
import { connect } from '../../src/database/connect.ts';
import { eager, retained } from './retention-scene.ts';

const db = connect(process.argv[2]!, { name: 'roundsman test', max: 2 });
// Slow enough that a kill comes in the middle.
await retained(db, { pace: { ...eager, statementMs: 3, rest: 2 } });
await db.destroy();
