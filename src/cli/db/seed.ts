import { UsageError } from '../../ground/errors.ts';
import { withDatabase } from '../session/database.ts';
import { duration, json, say } from '../terminal/print.ts';
import { progressOf } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';

interface SeedOptions {
  size: string;
  seed: number;
  json?: true;
}

/** `db seed`: a fictional platform of some size, the same one every time. */
export async function seed(options: SeedOptions): Promise<void> {
  const { sizes } = await import('../../demo/sizes.ts');
  if (!Object.hasOwn(sizes, options.size))
    throw new UsageError({
      what: `--size cannot be ${JSON.stringify(options.size)}`,
      why: `there are ${Object.keys(sizes).join(', ')}`,
      hint: 'npx roundsman db seed --size medium',
    });
  const size = options.size as keyof typeof sizes;
  const began = performance.now();
  await withDatabase(
    async ({ url }) => {
      const [{ pool }, { seedFiction }] = await Promise.all([
        import('../../database/connect.ts'),
        import('../../demo/seed.ts'),
      ]);
      const connections = pool(url, { max: 1, statementTimeoutMs: 0, name: 'roundsman seed' });
      const progress = progressOf(1);
      try {
        const seeded = await seedFiction(connections, size, options.seed, (done, total, name) =>
          progress.draw(done / total, `${done.toLocaleString('en')} rows  ${name}`),
        );
        progress.clear();
        if (options.json) return json(seeded);
        const rows = seeded.map((each) => [each.table, each.rows.toLocaleString('en')]);
        table(['Table', 'Rows'], rows, '');
        say(`\nSeeded in ${duration(Math.round(performance.now() - began))}.`);
      } finally {
        progress.clear();
        await connections.end();
      }
    },
    { create: true, migrate: 'embedded' },
  );
}
