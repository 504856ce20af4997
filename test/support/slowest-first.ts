import { BaseSequencer, type TestSpecification } from 'vitest/node';
import long from './long-tests.json' with { type: 'json' };

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = long.findIndex((file) => moduleId.endsWith(`/test/${file}`));
  return rank < 0 ? long.length : rank;
};

/** Starts first what takes longest: if such a file started last, the whole run would wait for it. */
export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's own, which begins with large files
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}
