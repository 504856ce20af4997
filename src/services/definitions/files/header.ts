/** What stands at the head of each file of definitions. */
import { z } from 'zod';
import type { Kind } from '../kinds/kind.ts';

export const version = 'roundsman/v1';

/** How many bytes one file may have. */
export const maxBytes = 4_194_304;

/** How many levels of lists and maps may be inside each other in a file: settings of bots may be nested. */
export const maxDepth = 40;

/** A name of a set: `web`, `team-a`. */
export const setName = /^[a-z0-9][a-z0-9_-]{0,49}$/;

export const setNameInWords =
  'is at most 50 lower-case letters, digits, - and _, and begins with a letter or digit';

/** A whole file with definitions of this kind. */
export const fileSchema = (kind: Kind) =>
  z.strictObject(
    {
      apiVersion: z.literal(version).describe('the version of this format'),
      kind: z.literal(kind.kind).describe(kind.meaning),
      set: z
        .string('has to be the name of a set')
        .regex(setName, `a name ${setNameInWords}`)
        .optional()
        .describe('the set that these definitions belong to'),
      definitions: kind.schema,
    },
    'has to be a map of apiVersion, kind and definitions',
  );

/** The JSON Schema (draft 7) of a file of this kind, for editors. */
export const jsonSchemaOf = (kind: Kind): Record<string, unknown> => ({
  ...z.toJSONSchema(fileSchema(kind), {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    // Two definitions may use the same part; a reader of the schema needs no names for it.
    reused: 'inline',
  }),
  title: `Roundsman: ${kind.kind}`,
});
