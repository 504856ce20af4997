/**
 * How remedies get secrets: the remedy receives the values, and in everything that it returns the values are replaced
 * by references again.
 */
import {
  NotAppliedError,
  UnfitSecretError,
  type Evidence,
  type Remedy,
} from '../contract/remedy.ts';
import { FaultError } from '../database/faults/fault-behind.ts';
import type { Opened } from '../data/secrets/open.ts';
import { messageOf } from '../ground/errors.ts';
import { literalCredentials, maskCredentials } from '../ground/secrets/literal-credentials.ts';
import { plain } from '../ground/plain.ts';
import { openRedaction, type Redaction } from '../ground/secrets/redact.ts';
import { redactError } from '../ground/secrets/redact-error.ts';
import { redacted } from '../ground/secrets/secret-forms.ts';
import { referenceTo } from '../ground/secrets/secret-reference.ts';

const asReferences = (opened: readonly Opened[]) =>
  opened.map(({ name, value }) => ({ value, as: referenceTo(name) }));

/** A shorter literal credential occurs in too many other words to be searched for. */
const shortestLiteral = 6;

const literalsIn = (params: unknown) =>
  literalCredentials(params)
    .map(({ text, span }) => text.slice(span.from, span.to))
    // If a value holds several cookies, each is searched for by itself.
    .flatMap((text) => [text, ...text.split(/[;,\s]+/).map((part) => part.replace(/^[^=]*=/, ''))])
    .filter((value) => value.length >= shortestLiteral)
    .map((value) => ({ value }));

/** The remedy with the secrets of this one application. Its parameters keep their references. */
export function withSecrets(
  remedy: Remedy,
  params: unknown,
  opened: readonly Opened[] = [],
): Remedy {
  if (!remedy.secrets) return remedy;
  const redaction = openRedaction([...asReferences(opened), ...literalsIn(params)]);
  const values = new Map(opened.map(({ name, value }) => [name, value]));
  const secret = (name: string): string => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`the secret ${name} is not named by its parameters`);
    return value;
  };
  const guarded = <Context extends object, Result>(
    work: (params: unknown, context: Context) => Promise<Result>,
    clean: (result: Result) => Result,
  ): ((params: unknown, context: Context) => Promise<Result>) => {
    return async (given, context) => {
      try {
        return clean(await work(given, { ...context, secret }));
      } catch (error) {
        throw cleanError(redaction, error);
      }
    };
  };
  const evidence = (given: Evidence): Evidence => redactEvidence(redaction, given);
  return {
    ...remedy,
    isDone: guarded(remedy.isDone, (done) => done),
    apply: guarded(remedy.apply, evidence),
    ...(remedy.undo && { undo: guarded(remedy.undo, evidence) }),
  };
}

/** The three fields of the evidence keep their names, even if a secret is equal to one of them. */
function redactEvidence(redaction: Redaction, given: Evidence): Evidence {
  const { summary, before, after } = plain(given) as unknown as Evidence;
  return {
    summary: redaction.text(String(summary)),
    before: redaction.value(before),
    after: redaction.value(after),
  };
}

/** When a value does not fit where it is used, the remedy is not to blame. */
function cleanError(redaction: Redaction, thrown: unknown): unknown {
  const error = redactError(redaction, thrown);
  if (!(error instanceof UnfitSecretError)) return error;
  const message = messageOf(error);
  return new NotAppliedError(message, { cause: new FaultError('secret', message) });
}

/**
 * Parameters as rows store them: with references, and without the credentials that the playbook contains in clear text.
 */
export const keptParams = (remedy: Pick<Remedy, 'secrets'>, params: unknown): unknown =>
  remedy.secrets ? maskCredentials(plain(params)) : params;

/**
 * The parameters that were in force, from what a row stored and what the step of its entry says now. Null when a
 * credential was left out and the entry has changed since or is gone.
 */
export function knownParams(kept: unknown, now: unknown): unknown {
  if (!JSON.stringify(kept ?? null).includes(redacted)) return kept;
  const same =
    now !== undefined &&
    sortedJson(maskCredentials(plain(now))) === sortedJson(maskCredentials(kept));
  return same ? now : null;
}

/** JSON with its properties in one order: jsonb has its own. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

export const notKept =
  'its playbook contained a credential, which no record keeps, and the entry has changed since';
