/** A process that has the daily backup made, as a worker does. Argument: the address of the database. */
import { backupInProcess } from '../../src/services/backups/in-process.ts';

await backupInProcess(process.argv[2]!, new AbortController().signal);
