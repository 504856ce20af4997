/** The setting by which a bot that others call, or that calls others, names its secrets. */
import { z } from 'zod';
import { secretName } from '../ground/secrets/secret-reference.ts';

/** Names of stored secrets, four at most: more than one while one is exchanged for another. */
export const secretNames = z
  .array(
    z
      .string()
      .regex(
        secretName,
        'has to be the name of a secret: capital letters, digits and _, a letter first',
      ),
  )
  .max(4)
  .default([]);
