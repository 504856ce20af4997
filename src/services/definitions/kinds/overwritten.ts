/** How definitions are written that keep their names whatever they say: to add one and to change it is one write. */
import type { Applying, Kind, Values } from './kind.ts';

type Writes = Pick<Kind, 'add' | 'change'>;

/** A kind that is one document: what a file does not say of it stays. */
export const oneDocument = (
  name: string,
  write: (applying: Applying, values: Values) => Promise<void>,
): Writes => ({
  async add(applying, _, values) {
    await write(applying, values);
    return name;
  },
  async change(applying, { values }, wanted) {
    await write(applying, { ...values, ...wanted });
    return name;
  },
});

/** A kind of which each definition is one value. */
export const oneValueEach = (
  write: (applying: Applying, name: string, value: unknown) => Promise<unknown>,
): Writes => ({
  async add(applying, name, { value }) {
    await write(applying, name, value);
    return name;
  },
  async change(applying, { name }, { value }) {
    await write(applying, name, value);
    return name;
  },
});
