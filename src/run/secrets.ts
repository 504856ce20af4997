/**
 * What a worker knows of secrets: it opens the ones that a step names, and removes all of them from what is recorded.
 */
import { NotAppliedError } from '../contract/remedy.ts';
import type { Db } from '../database/connect.ts';
import { FaultError } from '../database/faults/fault-behind.ts';
import {
  ClosedSecretError,
  openSecret,
  type SecretSources,
  type Opened,
} from '../data/secrets/open.ts';
import { listSecrets, secretRows } from '../data/secrets/rows.ts';
import { messageOf, RoundsmanError } from '../ground/errors.ts';
import type { Emit } from '../events/events.ts';
import { redactError } from '../ground/secrets/redact-error.ts';
import { openRedaction, type Redaction } from '../ground/secrets/redact.ts';
import { referenceTo } from '../ground/secrets/secret-reference.ts';
import type { CheckOutcome } from './tasks/outcome.ts';

export interface Secrets {
  /**
   * The secrets of these names, as they are stored now. When one is missing or cannot be opened, throws a
   * NotAppliedError whose cause says what to do: the remedy is not to blame, and nothing was done.
   */
  open(names: readonly string[]): Promise<Opened[]>;
  /** The outcome of a check, with secrets removed, so that it may be stored. */
  outcome(outcome: CheckOutcome): Promise<CheckOutcome>;
  /** The thrown error, with secrets removed, so that it may be stored. */
  error(thrown: unknown): Error;
}

/** A secret that is stored meanwhile is known after this time, unless a step of this worker names it before. */
const staleMs = 5_000;

/** A single word or a small number, which may also occur in text that has nothing to do with the secret. */
const isWord = (value: string): boolean => /^(?:[A-Za-z]{1,15}|\d{1,9})$/.test(value);

/** `ofLog` is the redaction of this process's log. */
export function openSecrets(db: Db, sources: SecretSources, ofLog: Redaction, emit: Emit): Secrets {
  const texts = openRedaction();
  const identities = openRedaction();
  let readAt = -Infinity;
  let reading: Promise<void> | null = null;

  function know(opened: readonly Opened[]): void {
    const secrets = opened.map(({ name, value }) => ({ value, as: referenceTo(name) }));
    texts.know(secrets);
    identities.know(secrets.filter(({ value }) => !isWord(value)));
    ofLog.know(secrets);
  }

  async function readAll(): Promise<void> {
    // Set also when the read fails: a database that does not answer must not be asked again for each check.
    readAt = performance.now();
    const rows = await listSecrets(db);
    for (const row of rows) {
      try {
        know([openSecret(sources, row)]);
      } catch (error) {
        // This process cannot leak a secret that it cannot open.
        if (!(error instanceof RoundsmanError)) throw error;
      }
    }
  }

  /** When the database does not answer, the secrets that were read before still count. */
  async function refresh(): Promise<void> {
    if (performance.now() - readAt < staleMs) return;
    reading ??= readAll().finally(() => (reading = null));
    await reading.catch((error: unknown) => emit('secrets.unread', { err: error }));
  }

  return {
    async open(names) {
      if (names.length === 0) return [];
      const rows = new Map((await secretRows(db, names)).map((row) => [row.name, row]));
      const opened = names.map((name) => {
        const row = rows.get(name);
        if (!row) throw cannotOpen(`the secret ${name} is not stored`, store(name));
        try {
          return openSecret(sources, row);
        } catch (error) {
          if (!(error instanceof ClosedSecretError)) throw error;
          throw cannotOpen(messageOf(error), error.hint);
        }
      });
      know(opened);
      return opened;
    },
    async outcome(outcome) {
      await refresh();
      if (!('result' in outcome)) return { ...outcome, reason: texts.text(outcome.reason) };
      const { findings, ...rest } = identities.whole(outcome.result) as typeof outcome.result;
      const said = findings.map(({ title, description, metadata, ...identity }) => ({
        ...identity,
        title: texts.text(title),
        ...(description !== undefined && { description: texts.text(description) }),
        ...(metadata !== undefined && { metadata: texts.value(metadata) as typeof metadata }),
      }));
      return { ...outcome, result: { ...rest, findings: said } };
    },
    error: (thrown) => redactError(texts, thrown),
  };
}

const store = (name: string) => `\`npx roundsman secrets set ${name}\` stores it`;

function cannotOpen(why: string, hint: string): NotAppliedError {
  const message = `${why}; ${hint}`;
  return new NotAppliedError(message, { cause: new FaultError('secret', message) });
}
