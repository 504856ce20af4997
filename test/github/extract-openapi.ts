/**
 * Writes test/github/openapi.json: the operations of GitHub's OpenAPI description that this project uses, with all that they refer
 * to. `node test/github/extract-openapi.ts FILE` reads `generated/api.github.com.json` of the npm package @octokit/openapi, which
 * is too large to be a dependency: `npm pack @octokit/openapi@23.0.2` fetches it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const used: [method: string, path: string][] = [
  ['get', '/orgs/{org}/dependabot/alerts'],
  ['get', '/orgs/{org}/secret-scanning/alerts'],
  ['get', '/repos/{owner}/{repo}'],
  ['get', '/repos/{owner}/{repo}/actions/permissions/workflow'],
  ['get', '/repos/{owner}/{repo}/actions/runs/{run_id}'],
  ['post', '/repos/{owner}/{repo}/actions/runs/{run_id}/rerun-failed-jobs'],
  ['get', '/repos/{owner}/{repo}/dependabot/alerts'],
  ['get', '/repos/{owner}/{repo}/issues'],
  ['post', '/repos/{owner}/{repo}/issues'],
  ['get', '/repos/{owner}/{repo}/issues/{issue_number}'],
  ['patch', '/repos/{owner}/{repo}/issues/{issue_number}'],
  ['get', '/repos/{owner}/{repo}/keys'],
  ['get', '/repos/{owner}/{repo}/secret-scanning/alerts'],
  ['post', '/app/installations/{installation_id}/access_tokens'],
];

type Json = Record<string, any>;

/** Texts for people, and examples: most of the size. */
const left = new Set([
  'description',
  'summary',
  'example',
  'examples',
  'externalDocs',
  'tags',
  'x-github',
  'x-octokit',
  'title',
]);

/** A property may have the name of one of these: below `properties` each name is kept. */
function trimmed(value: unknown, isNames = false): unknown {
  if (Array.isArray(value)) return value.map((each) => trimmed(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => isNames || !left.has(key))
      .map(([key, each]) => [key, trimmed(each, !isNames && key === 'properties')]),
  );
}

const whole = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Json;
const paths: Json = {};
for (const [method, path] of used) {
  const operation = whole['paths'][path]?.[method];
  if (!operation) throw new Error(`the description has no ${method} ${path}`);
  (paths[path] ??= {})[method] = trimmed(operation);
}

const components: Json = {};
const follow = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  const reference = (value as Json)['$ref'];
  if (typeof reference === 'string') {
    const [, , kind, name] = reference.split('/') as [string, string, string, string];
    if (components[kind]?.[name] !== undefined) return;
    (components[kind] ??= {})[name] = trimmed(whole['components'][kind][name]);
    follow(components[kind][name]);
  }
  for (const each of Object.values(value)) follow(each);
};
follow(paths);

writeFileSync(
  join(import.meta.dirname, 'openapi.json'),
  `${JSON.stringify({ openapi: whole['openapi'], info: { version: whole['info'].version }, paths, components })}\n`,
);
