import { UsageError } from '../../ground/errors.ts';
import { nameOf, textOf } from '../terminal/file-text.ts';

const maxBytes = 16_384;

/** A file with a policy: its text, and what errors call the file. Throws UsageError. */
export const policyFile = async (file: string): Promise<{ text: string; place: string }> => ({
  text: await textOf(file, maxBytes, unusable),
  place: nameOf(file),
});

const unusable = (place: string, why: string, cause?: unknown): UsageError =>
  new UsageError(
    {
      what: 'the policy cannot be read',
      why: `${place}: ${why}`,
      hint: 'give a file as `npx roundsman policy show > policy.yaml` writes it',
    },
    { cause },
  );
