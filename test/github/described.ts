/** GitHub's own descriptions: each request and answer of the test server is compared with them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { default as addFormatsTo } from 'ajv-formats';

type Json = Record<string, any>;

const description = JSON.parse(
  readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8'),
) as Json;

/** OpenAPI 3.0 says `nullable` where JSON Schema has a type `null`. */
function asJsonSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJsonSchema);
  if (typeof value !== 'object' || value === null) return value;
  const { nullable, ...rest } = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, asJsonSchema(each)]),
  );
  return nullable === true ? { anyOf: [rest, { type: 'null' }] } : rest;
}

const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
(addFormatsTo as unknown as { default: (ajv: Ajv) => void }).default?.(ajv);
ajv.addSchema({ $id: 'github', components: asJsonSchema(description['components']) });

const absolute = (schema: unknown): object =>
  JSON.parse(JSON.stringify(asJsonSchema(schema)).replaceAll('"#/', '"github#/')) as object;

const compiled = new Map<string, ValidateFunction>();
function validatorOf(name: string, schema: unknown): ValidateFunction {
  const known = compiled.get(name);
  if (known) return known;
  const made = ajv.compile(absolute(schema));
  compiled.set(name, made);
  return made;
}

const resolved = (value: Json): Json => {
  const reference = value['$ref'] as string | undefined;
  if (reference === undefined) return value;
  const [, , kind, name] = reference.split('/');
  return description['components'][kind!][name!] as Json;
};

interface Operation {
  path: string;
  method: string;
  values: Record<string, string>;
  described: Json;
}

/** The operation of a path such as `/repos/a/b/issues`; null where the extract has none. */
export function operationOf(method: string, pathname: string): Operation | null {
  for (const [path, methods] of Object.entries(description['paths'] as Json)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`);
    const found = pattern.exec(pathname);
    const described = methods[method.toLowerCase()] as Json | undefined;
    if (found && described)
      return {
        path,
        method: method.toLowerCase(),
        described,
        values: Object.fromEntries(
          names.map((name, at) => [name, decodeURIComponent(found[at + 1]!)]),
        ),
      };
  }
  return null;
}

const errorsOf = (validate: ValidateFunction): string =>
  (validate.errors ?? [])
    .map(({ instancePath, message }) => `${instancePath} ${message}`)
    .join('; ');

/** What is wrong with a request, by the description: an unknown parameter, or a body that does not fit. */
export function requestProblems(
  { path, method, described }: Operation,
  query: URLSearchParams,
  body: unknown,
): string[] {
  const problems: string[] = [];
  const parameters = ((described['parameters'] ?? []) as Json[]).map(resolved);
  for (const [name, text] of query) {
    const parameter = parameters.find((each) => each['in'] === 'query' && each['name'] === name);
    if (!parameter) {
      problems.push(`${method} ${path} has no parameter ${name}`);
      continue;
    }
    const validate = validatorOf(`${method} ${path} ?${name}`, parameter['schema']);
    const value = parameter['schema'].type === 'integer' ? Number(text) : text;
    if (!validate(value)) problems.push(`${name}=${text}: ${errorsOf(validate)}`);
  }
  const schema = described['requestBody']?.content?.['application/json']?.schema as
    | Json
    | undefined;
  if (body !== undefined && schema) {
    const validate = validatorOf(`${method} ${path} body`, schema);
    if (!validate(body)) problems.push(`body of ${method} ${path}: ${errorsOf(validate)}`);
    const known = Object.keys(resolved(schema)['properties'] ?? {});
    for (const name of Object.keys(body as object))
      if (known.length > 0 && !known.includes(name))
        problems.push(`body of ${method} ${path} has ${name}`);
  } else if (body !== undefined && !described['requestBody'])
    problems.push(`${method} ${path} takes no body`);
  return problems;
}

/** What is wrong with an answer, by the description. */
export function answerProblems(
  { path, method, described }: Operation,
  status: number,
  body: unknown,
): string[] {
  const found = described['responses'][String(status)] as Json | undefined;
  // GitHub describes neither every error nor every redirect.
  if (!found) return status >= 300 ? [] : [`${method} ${path} does not answer ${status}`];
  const schema = resolved(found)['content']?.['application/json']?.schema;
  if (!schema) return [];
  const validate = validatorOf(`${method} ${path} ${status}`, schema);
  return validate(body) ? [] : [`${method} ${path} ${status}: ${errorsOf(validate)}`];
}

/** A value that fits a schema, from what is given and, where that says nothing, from the schema's own types. */
export function filled(schemaName: string, given: Json): Json {
  const complete = (schema: Json, value: unknown): unknown => {
    const {
      nullable,
      type,
      enum: choices,
      format,
      properties,
      required,
      allOf,
      oneOf,
      anyOf,
    } = resolved(schema);
    const isObject = properties !== undefined || type === 'object';
    if (value !== undefined && !(isObject && typeof value === 'object' && value !== null))
      return value;
    if (value === undefined && nullable === true) return null;
    if (choices) return choices[0];
    const [variant] = (allOf ?? oneOf ?? anyOf ?? []) as Json[];
    if (variant) return complete(variant, value);
    if (isObject) {
      const known = { ...(value as Json | undefined) };
      for (const name of new Set([...((required ?? []) as string[]), ...Object.keys(known)]))
        known[name] = complete((properties?.[name] ?? {}) as Json, known[name]);
      return known;
    }
    if (type === 'array') return [];
    if (type === 'integer' || type === 'number') return 1;
    if (type === 'boolean') return false;
    if (format === 'date-time') return '2026-01-01T00:00:00Z';
    return format === 'uri' ? 'https://github.test/' : '';
  };
  return complete({ $ref: `#/components/schemas/${schemaName}` }, given) as Json;
}
