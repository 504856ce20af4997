/** The answer to a signed request: the checks that the remote bot made, in the shapes of src/bot.ts. */
import { z } from 'zod';

const text = (most: number) => z.string().min(1).max(most);
/** A key is at most this long, so that it fits together with the name of its check (src/run/tasks/result.ts). */
const key = text(800);
const keys = z.array(key).max(20_000);

const finding = z.strictObject({
  severity: z
    .enum(['critical', 'high', 'medium', 'low', 'info', 'error', 'warning'])
    .optional()
    .describe('`severity` in the settings of the bot unless given'),
  category: text(50).optional().describe('`category` in the settings of the bot unless given'),
  title: text(2_000).describe('one line for a person; what is longer than 200 characters is cut'),
  description: z.string().max(20_000).optional(),
  component: key.describe('what is broken; stable from run to run'),
  key: key
    .optional()
    .describe('distinguishes findings of one component; stable; the component unless given'),
  metadata: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('figures and samples; no secrets'),
  dependsOn: z.array(text(1_000)).max(100).optional(),
});

const figure = z.strictObject({
  name: text(100),
  value: z.number(),
  unit: text(20).optional(),
});

const check = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{0,99}$/, 'has to be lower-case letters, digits, dots and dashes')
      .describe('unique in the answer, and a part of the identity of its findings'),
    examined: z
      .union([keys, z.strictObject({ count: z.int().min(0).max(1_000_000_000), except: keys })])
      .optional()
      .describe(
        'the keys that it looked at; { count, except } only where the answer has no other check',
      ),
    findings: z.array(finding).max(10_000).optional(),
    figures: z.array(figure).max(20).optional(),
    truncated: z.boolean().optional().describe('there were more findings than are reported'),
    error: text(2_000).optional().describe('why it could not look; then it has no result'),
    skipped: text(500).optional().describe('why it did not look; then it has no result'),
  })
  .superRefine((given, { addIssue }) => {
    const { examined, findings, figures, truncated, error, skipped } = given;
    const hasResult = [examined, findings, figures, truncated].some((part) => part !== undefined);
    const ways = [hasResult, error !== undefined, skipped !== undefined].filter(Boolean);
    if (ways.length !== 1) addIssue('needs exactly one of: a result, `error`, `skipped`');
    else if (hasResult && (!examined || !findings))
      addIssue('a result needs both `examined` and `findings`');
  });

export const signedAnswer = z
  .strictObject({ checks: z.array(check).max(100) })
  .superRefine(({ checks }, { addIssue }) => {
    const names = checks.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) addIssue(`checks: the name ${twice} is used twice`);
    const counted = checks.some(({ examined }) => examined && !Array.isArray(examined));
    if (counted && checks.length > 1)
      addIssue('checks: { count, except } can be used only where the answer has one check');
  });

export type SignedAnswer = z.infer<typeof signedAnswer>;
export type RemoteCheck = SignedAnswer['checks'][number];
export type RemoteFinding = z.infer<typeof finding>;

/** The most seconds that a bot's timeout has. */
const maxLeaseSeconds = 86_400;

/** What a remote bot answers with 202 in the contract async. */
export const acceptedAnswer = z.strictObject({
  lease_seconds: z
    .int()
    .min(1)
    .max(maxLeaseSeconds)
    .describe('for how long it may be waited for; `until` of the callback ends it earlier'),
});

export const cronAnswer = z.strictObject({
  success: z.boolean(),
  bot: text(200).optional(),
  executionId: z.union([z.string().max(200), z.number()]).nullish(),
  result: z
    .strictObject({
      status: text(100).optional(),
      executionTimeMs: z.number().min(0).optional(),
      checksPerformed: z.int().min(0).optional(),
      issuesFound: z.int().min(0).optional(),
      issuesFixed: z.int().min(0).optional(),
      ticketsCreated: z.int().min(0).optional(),
    })
    .optional(),
  error: z.string().max(2_000).optional().describe('why it did not succeed'),
});
