import { UsageError } from '../../ground/errors.ts';
import { nameOf, textOf } from '../arguments/file-text.ts';

const mostBytes = 16_384;

/** A file with a policy: its text, and how errors call it. Throws UsageError. */
export const policyFile = async (file: string): Promise<{ text: string; place: string }> => ({
  text: await textOf(file, mostBytes, unusable),
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
