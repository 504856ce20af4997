import { doesWork, listNodes } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';

/** Whether a worker is alive; workers execute queued runs. */
export const hasWorker = async (db: Db): Promise<boolean> => (await listNodes(db)).some(doesWork);
