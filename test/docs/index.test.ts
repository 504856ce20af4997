/** docs/index.md leads to every page, and every link of a page leads somewhere. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { jobs } from '../../jobs/index.ts';
import { anchors, relativeLinks } from './links.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const index = 'docs/index.md';
const docs = globSync('docs/**/*.md', { cwd: root });
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs];

/** The file (its path from the root) and the anchor to which a link of a page leads. A link `#...` leads to the page. */
function target(page: string, link: string): { path: string; anchor: string | undefined } {
  const [to, anchor] = link.split('#');
  const path = to ? relative(root, join(root, dirname(page), decodeURIComponent(to))) : page;
  return { path, anchor };
}

/** What is wrong with a link; null when it leads to a file and, if it names a heading, to a heading of that file. */
function faultOf(page: string, link: string): string | null {
  const { path, anchor } = target(page, link);
  if (path.startsWith('..') || !existsSync(join(root, path))) return 'there is no such file';
  if (anchor === undefined) return null;
  const isPage = path.endsWith('.md') && statSync(join(root, path)).isFile();
  return isPage && anchors(read(path)).has(anchor) ? null : 'there is no such heading';
}

test('docs/index.md links every page of docs/', () => {
  const linked = new Set(relativeLinks(read(index)).map((link) => target(index, link).path));
  expect(docs.length).toBeGreaterThan(20);
  expect(docs.filter((path) => path !== index && !linked.has(path))).toEqual([]);
});

test('each relative link of a page leads to a file, and its anchor to a heading', () => {
  const links = pages.flatMap((page) => relativeLinks(read(page)).map((link) => ({ page, link })));
  expect(links.length).toBeGreaterThan(100);
  const wrong = links.flatMap(({ page, link }) => {
    const why = faultOf(page, link);
    return why === null ? [] : [`${page}: ${link}: ${why}`];
  });
  expect(wrong).toEqual([]);
});

test('each file and folder that a decision names exists', () => {
  const named = docs
    .filter((page) => page.startsWith('docs/decisions/'))
    .flatMap((page) => [
      ...read(page).matchAll(/`(?:node )?((?:src|jobs|bots|test|migrations)\/[^`\s<>]*)[^`<>]*`/g),
    ])
    .map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('headings are found as GitHub calls them, and links in examples are none', () => {
  const page =
    '# `engine.job_runs`, twice\n## A (b) c\n## A (b) c\n```sh\n# no heading\n[x](y)\n```\n';
  expect([...anchors(page)]).toEqual(['enginejob_runs-twice', 'a-b-c', 'a-b-c-1']);
  expect(relativeLinks(`${page}[p](p.md#q) \`[r](s)\` [t](https://u.test)`)).toEqual(['p.md#q']);
});

test('docs/jobs.md lists every job, with its schedule', () => {
  for (const { name, schedule } of jobs)
    expect(read('docs/jobs.md')).toContain(
      `| \`${name}\` | ${schedule === null ? 'on request' : `\`${schedule}\``} |`,
    );
});
