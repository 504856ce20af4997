/** A worker's engine around parts that a test or a process of a test has opened, as src/bin/start-worker.ts does it. */
import type { SecretSources } from '../../src/data/secrets/open.ts';
import { openRedaction, type Redaction } from '../../src/ground/secrets/redact.ts';
import type { Engine } from '../../src/run/engine.ts';
import { keepLeases } from '../../src/run/lease.ts';
import { openSecrets } from '../../src/run/secrets.ts';
import { openRunWriter } from '../../src/run/writer/run-writer.ts';

export const noSources: SecretSources = { keys: undefined, variable: () => undefined };

/** The rest of the engine: leases that are renewed, a run writer, and secrets of which nothing is opened unless told. */
export function engineOf(
  parts: Pick<Engine, 'worker' | 'db' | 'children' | 'catalogue' | 'queue' | 'emit'>,
  databaseUrl: string,
  {
    sources = noSources,
    redaction = openRedaction(),
  }: { sources?: SecretSources; redaction?: Redaction } = {},
): Engine {
  const { db, worker, emit } = parts;
  return {
    ...parts,
    leases: keepLeases(db, emit),
    writer: openRunWriter({ databaseUrl, worker, emit }),
    secrets: openSecrets(db, sources, redaction, emit),
  };
}
