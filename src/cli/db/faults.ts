import {
  faultsNamed,
  listFaults,
  refuseRealDatabase,
  withPlanter,
} from '../../services/database/plant-faults.ts';
import { actorOf } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { doEach } from '../terminal/do-each.ts';
import { paint, printJson, say } from '../terminal/print.ts';

/** `db seed --fault`: plants these problems one after the other. */
export async function plantFaults(
  given: readonly string[],
  { json }: { json?: true },
): Promise<void> {
  const names = faultsNamed(given);
  await withDatabase(
    async ({ url }) =>
      withPlanter({ url, actor: actorOf(), catalogue: await loadCatalogue() }, (plant) =>
        doEach(
          names,
          { json },
          {
            idOf: async (name) => name,
            async act(name) {
              const fault = await plant(name);
              if (!json)
                say(
                  fault.planted
                    ? `planted  ${name}: ${fault.title}`
                    : paint('dim', `before   ${name} is planted already, and stays as it is`),
                  ' '.repeat(9),
                );
              return fault;
            },
          },
        ),
      ),
    { create: true, migrate: 'embedded', before: ({ db }) => refuseRealDatabase(db) },
  );
}

/** `db seed --faults`: what can be planted. No database is asked. */
export function showFaults({ json }: { json?: true }): void {
  const all = listFaults();
  if (json) return printJson(all);
  for (const { name, title } of all) {
    say(name);
    say(paint('dim', `  ${title}`), '  ');
  }
}
