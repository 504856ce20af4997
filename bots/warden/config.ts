/** The settings of the warden. */
import { z } from '../../src/bot.ts';
import { maxFindings } from '../parts/settings.ts';

export const checkNames = [
  'row-security',
  'open-policies',
  'policy-roles',
  'definer-functions',
  'search-path',
  'views',
  'secret-columns',
  'extensions',
  'secrets',
] as const;
export type CheckName = (typeof checkNames)[number];

const identifier = z.string().min(1).max(63);
const waiver = z.strictObject({
  object: z
    .string()
    .min(1)
    .max(1000)
    .describe('the component of the finding, written in the same way'),
  check: z.enum(checkNames).describe('the check whose finding it waives'),
  owner: z.string().min(1).max(100).describe('who is responsible for the waiver'),
  reason: z.string().min(1).max(500).describe('why the object is right as it is'),
  expires: z.iso.date().describe('the last day on which the waiver holds, in UTC, as 2027-03-31'),
});
export type Waiver = z.infer<typeof waiver>;

export const config = z.strictObject({
  // PostgREST's db-schemas; Supabase exposes `public` and `graphql_public`, and only the first one is the platform's own.
  schemas: z
    .array(identifier)
    .min(1)
    .max(20)
    .default(['public'])
    .describe('the schemas that clients reach through the API'),
  // Supabase's roles: https://supabase.com/docs/guides/database/postgres/roles
  anonymous_roles: z
    .array(identifier)
    .max(20)
    .default(['anon'])
    .describe('the roles of users that are not signed in; PUBLIC is always one of them'),
  signed_in_roles: z
    .array(identifier)
    .max(20)
    .default(['authenticated'])
    .describe('the roles of users that are signed in'),
  // NIST SP 800-57 part 1, table 1: keys that authenticate are used for two years at most. Here half of that.
  max_secret_days: z
    .int()
    .min(1)
    .max(3650)
    .default(365)
    .describe('a stored secret whose value is older than this many days is a finding'),
  // Time to write the playbook or the channel for which it was stored.
  unused_secret_days: z
    .int()
    .min(0)
    .max(3650)
    .default(14)
    .describe('a secret to which nothing refers is a finding this many days after it was stored'),
  // Twice as many as other bots: rights are often missing on many tables at once.
  max_findings: maxFindings('findings', 100),
  waivers: z
    .array(waiver)
    .max(200)
    .refine(
      (list) => new Set(list.map(({ check, object }) => `${check} ${object}`)).size === list.length,
      'two waivers are for the same check and object',
    )
    .default([])
    .describe('objects that are right as they are: no finding until the waiver expires'),
});
export type Config = z.infer<typeof config>;
