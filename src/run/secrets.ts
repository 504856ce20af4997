/**
 * The secrets of a worker: opens the ones that a step names, and removes the values of all of them from what is recorded.
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
import type { Progress } from './tasks/progress.ts';
import type { GivenSecret } from './tasks/task.ts';

export interface Secrets {
  /**
   * The secrets of these names, as they are stored now. When one is missing or cannot be opened, throws a
   * NotAppliedError whose cause says what to do: the remedy is not to blame, and nothing was done.
   */
  open(names: readonly string[]): Promise<Opened[]>;
  /** The same for checks, which can do without: for each secret its value, or why there is none. */
  openEach(names: readonly string[]): Promise<GivenSecret[]>;
  /** The outcome of a check, with secrets removed, so that it may be stored. */
  outcome(outcome: CheckOutcome): Promise<CheckOutcome>;
  /** How far a check is, with secrets removed from its sentence. */
  progress(progress: Progress): Progress;
  /** The thrown error, with secrets removed, so that it may be stored. */
  error(thrown: unknown): Error;
}

/**
 * The secrets are read again after this time. Until then this worker does not recognise a secret that was stored meanwhile,
 * unless one of its steps names that secret.
 */
const staleMs = 5_000;

/** Whether a value is a single word or a small number, which may also occur in text that has nothing to do with the secret. */
const isWord = (value: string): boolean => /^(?:[A-Za-z]{1,15}|\d{1,9})$/.test(value);

/** Opens the secrets of this process. `logRedaction` learns each of them, so that the log does not show them either. */
export function openSecrets(
  db: Db,
  sources: SecretSources,
  logRedaction: Redaction,
  emit: Emit,
): Secrets {
  const texts = openRedaction();
  // For the fields that identify a finding: a single word is kept there, because the fingerprint would change without it.
  const identities = openRedaction();
  let readAt = -Infinity;
  let reading: Promise<void> | null = null;

  function learn(opened: readonly Opened[]): void {
    const secrets = opened.map(({ name, value }) => ({ value, as: referenceTo(name) }));
    texts.learn(secrets);
    identities.learn(secrets.filter(({ value }) => !isWord(value)));
    logRedaction.learn(secrets);
  }

  async function readAll(): Promise<void> {
    // Set also when the read fails: a database that does not answer must not be asked again for each check.
    readAt = performance.now();
    const rows = await listSecrets(db);
    for (const row of rows) {
      try {
        learn([openSecret(sources, row)]);
      } catch (error) {
        // This process cannot leak a secret that it cannot open.
        if (!(error instanceof RoundsmanError)) throw error;
      }
    }
  }

  /** Reads the secrets again when it is time. When the database does not answer, those that were read before are used. */
  async function refresh(): Promise<void> {
    if (performance.now() - readAt < staleMs) return;
    reading ??= readAll().finally(() => (reading = null));
    await reading.catch((error: unknown) => emit('secrets.unread', { err: error }));
  }

  async function openEach(names: readonly string[]): Promise<GivenSecret[]> {
    if (names.length === 0) return [];
    const rows = new Map((await secretRows(db, names)).map((row) => [row.name, row]));
    const given = names.map((name): GivenSecret => {
      const row = rows.get(name);
      if (!row)
        return {
          name,
          why: `the secret ${name} is not stored; \`npx roundsman secrets set ${name}\` stores it`,
        };
      try {
        return openSecret(sources, row);
      } catch (error) {
        if (!(error instanceof ClosedSecretError)) throw error;
        return { name, why: `${messageOf(error)}; ${error.hint}` };
      }
    });
    learn(given.filter((each) => 'value' in each));
    return given;
  }

  return {
    openEach,
    async open(names) {
      const given = await openEach(names);
      return given.map((each) => {
        if ('value' in each) return each;
        throw new NotAppliedError(each.why, { cause: new FaultError('secret', each.why) });
      });
    },
    async outcome(outcome) {
      await refresh();
      if (!('result' in outcome)) return { ...outcome, reason: texts.text(outcome.reason) };
      const { findings, figures, remember, ...rest } = identities.whole(
        outcome.result,
      ) as typeof outcome.result;
      const cleaned = findings.map(({ title, description, metadata, ...identity }) => ({
        ...identity,
        title: texts.text(title),
        ...(description !== undefined && { description: texts.text(description) }),
        ...(metadata !== undefined && { metadata: texts.value(metadata) as typeof metadata }),
      }));
      const others = {
        ...(remember !== undefined && { remember: texts.value(remember) }),
        ...(figures && {
          figures: figures.map(({ name, ...read }) => ({ name: texts.text(name), ...read })),
        }),
      };
      return { ...outcome, result: { ...rest, ...others, findings: cleaned } };
    },
    progress: ({ share, sentence }) => ({ share, sentence: sentence && texts.text(sentence) }),
    error: (thrown) => redactError(texts, thrown),
  };
}
