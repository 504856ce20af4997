import { refuseFilledDatabase, seedPlatform, sizeOf } from '../../services/database/seed.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { duration, printJson, say } from '../terminal/print.ts';
import { progressOf } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';

interface SeedOptions {
  size: string;
  seed: number;
  json?: true;
}

/** `db seed`: a fictional platform of some size, the same one every time. */
export async function seed(options: SeedOptions): Promise<void> {
  const size = sizeOf(options.size);
  const began = performance.now();
  await withDatabase(
    async ({ url }) => {
      const progress = progressOf(1);
      try {
        const seeded = await seedPlatform(
          { url, actor: actorOf() },
          {
            size,
            seed: options.seed,
            onRows: (done, total, name) =>
              progress.draw(done / total, `${done.toLocaleString('en')} rows  ${name}`),
          },
        );
        progress.clear();
        if (options.json) return printJson(seeded);
        const rows = seeded.map((each) => [each.table, each.rows.toLocaleString('en')]);
        table(['Table', 'Rows'], rows, '');
        say(`\nSeeded in ${duration(Math.round(performance.now() - began))}.`);
      } finally {
        progress.clear();
      }
    },
    { create: true, migrate: 'embedded', before: ({ db }) => refuseFilledDatabase(db) },
  );
}
