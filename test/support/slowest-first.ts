import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest begin first: one that begins last keeps a whole run waiting for it. */
const slowest = [
  'heal/simulation.test.ts',
  'database/embedded.test.ts',
  'services/progress/canary.test.ts',
  'cli/doctor-progress.test.ts',
  'heal/loops.test.ts',
  'children/rude.test.ts',
  'children/children.test.ts',
  'heal/evidence.test.ts',
  'queue/outage.test.ts',
  'database/migrate.test.ts',
];

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = slowest.findIndex((file) => moduleId.endsWith(`/test/${file}`));
  return rank < 0 ? slowest.length : rank;
};

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own, which begins with large files
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}
