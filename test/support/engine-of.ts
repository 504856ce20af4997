/** Completes the engine of a worker, from parts that a test has opened, in the way of src/bin/start-worker.ts. */
import type { SecretSources } from '../../src/data/secrets/open.ts';
import { openRedaction, type Redaction } from '../../src/ground/secrets/redact.ts';
import type { Engine } from '../../src/run/engine.ts';
import { keepLeases } from '../../src/run/lease.ts';
import { openSecrets } from '../../src/run/secrets.ts';
import { openRunWriter } from '../../src/run/writer/run-writer.ts';

export const noSources: SecretSources = { keys: undefined, variable: () => undefined };

/** Adds leases that are renewed, a run writer, and secrets. By default no secret can be opened. */
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
