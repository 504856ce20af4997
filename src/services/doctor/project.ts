/** The project's config and its own code, here and in the processes that are alive. */
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { counted } from '../../ground/text.ts';
import { nodeName } from '../progress/canary-stop.ts';
import type { Facts } from '../progress/facts.ts';
import { refusedByNodes } from '../progress/refused-code.ts';
import { fail, ok, warn, type Diagnosis } from './diagnosis.ts';

/** A project as it is on this host; null where there is none. */
export interface ExaminedProject {
  file: string;
  bots: Catalogue['bots'];
  /** what was left out; `place` has its file and line */
  refused: { place: string; why: string; hint: string }[];
}

/** Reads the files of the project on this host. Rejects with what keeps its config from being used. */
export type ReadProject = () => Promise<ExaminedProject | null>;

/** No diagnosis where there is no project. */
export async function examineProject(read: ReadProject): Promise<Diagnosis[]> {
  const project = await read();
  if (!project) return [];
  const { file, bots, refused } = project;
  return [
    ok('Project', `${file}: ${counted(bots.length, 'bot')} in the catalogue`),
    ...refused.map(({ place, why, hint }) => fail('Project', `left out: ${place}: ${why}`, hint)),
  ];
}

/** Entries of knowledge that heal nothing, because no living process has the remedy that they name. */
export function examineRemedies({ withoutRemedy }: Facts): Diagnosis[] {
  return withoutRemedy.map(({ name, remedy }) =>
    fail(
      'Knowledge',
      `${name} names the remedy ${remedy}, which no running process has: it heals nothing`,
      `bring the file of that remedy back and restart the workers, or \`npx roundsman knowledge edit ${name}\``,
    ),
  );
}

/** What living processes have left out, and whether they know the same bots: after a change of files all of them have to be restarted. */
export function examineCode({ nodes }: Facts): Diagnosis[] {
  const alive = nodes.filter((node) => node.alive && node.bots !== null);
  const kinds = new Set(alive.map(({ bots }) => bots!.toSorted().join()));
  return [
    ...refusedByNodes(nodes).map(({ place, why, hint }) =>
      fail('Code', `left out by a running process: ${place}: ${why}`, `${hint}; then restart it`),
    ),
    ...(kinds.size > 1
      ? [
          warn(
            'Code',
            `the processes do not know the same bots: ${alive.map((node) => `${nodeName(node)} ${node.bots!.length}`).join(', ')}`,
            'restart those that still have the old files; runs go to a worker that knows their bot meanwhile',
          ),
        ]
      : []),
  ];
}
