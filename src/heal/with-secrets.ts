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

/** Shorter literal credentials are not searched for, because they occur in too many other words. */
const minLiteralLength = 6;

const literalsIn = (params: unknown) =>
  literalCredentials(params)
    .map(({ text, span }) => text.slice(span.from, span.to))
    // If a value holds several cookies, each is searched for by itself.
    .flatMap((text) => [text, ...text.split(/[;,\s]+/).map((part) => part.replace(/^[^=]*=/, ''))])
    .filter((value) => value.length >= minLiteralLength)
    .map((value) => ({ value }));

/**
 * The remedy with the secrets for one application: it gets them by `secret`, while its parameters keep their references.
 */
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

/** Only the values are redacted: the fields keep their names, even if a secret is equal to one of these names. */
function redactEvidence(redaction: Redaction, given: Evidence): Evidence {
  const { summary, before, after } = plain(given) as unknown as Evidence;
  return {
    summary: redaction.text(String(summary)),
    before: redaction.value(before),
    after: redaction.value(after),
  };
}

/** Redacts an error. If a secret's value does not fit where the remedy uses it, the error is a fault, not the remedy's own. */
function cleanError(redaction: Redaction, thrown: unknown): unknown {
  const error = redactError(redaction, thrown);
  if (!(error instanceof UnfitSecretError)) return error;
  const message = messageOf(error);
  return new NotAppliedError(message, { cause: new FaultError('secret', message) });
}

/**
 * Parameters as rows store them: with references, and without the credentials that the playbook contains in plain text.
 */
export const paramsToStore = (remedy: Pick<Remedy, 'secrets'>, params: unknown): unknown =>
  remedy.secrets ? maskCredentials(plain(params)) : params;

/**
 * The parameters with which an effect was begun. `stored`: as the row stored them; `current`: as the entry's step has them now,
 * undefined when the step is gone. Null when a credential was not stored, and the step has changed since or is gone.
 */
export function restoreParams(stored: unknown, current: unknown): unknown {
  if (!JSON.stringify(stored ?? null).includes(redacted)) return stored;
  const isSame =
    current !== undefined &&
    sortedJson(maskCredentials(plain(current))) === sortedJson(maskCredentials(stored));
  return isSame ? current : null;
}

/** JSON with sorted properties: jsonb does not keep their order. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

/** For people: why {@link restoreParams} returned null. */
export const whyParamsLost =
  'its playbook contained a credential, which no record keeps, and the entry has changed since';
