/** A process that joins the embedded database of a home (its argument), and leaves it when it gets a message. */
import { joinEmbedded } from '../../src/database/embedded/index.ts';

const database = await joinEmbedded(process.argv[2] ?? '', { create: true });
process.send?.({ ...database, leave: undefined });
process.once('message', async () => {
  await database.leave();
  process.disconnect();
});
