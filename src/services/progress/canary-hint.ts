/** What to try when a canary did not get through: derived from the text of the error that another process recorded. */
import { explainFault } from '../../database/faults/explain-fault.ts';
import { refusalOf } from '../../database/faults/refusal.ts';

/** Messages of PostgreSQL and their codes: the other process has recorded only the message. */
const codes: [RegExp, string][] = [
  [/password authentication failed/i, '28P01'],
  [/pg_hba\.conf|not permitted to log in|role ".*" does not exist/i, '28000'],
  [/database ".*" does not exist/i, '3D000'],
  [/permission denied/i, '42501'],
  [/could not (extend|write)|no space left/i, '53100'],
  [/too many (connections|clients)|connection slots/i, '53000'],
  [/read-only transaction|takes no writes/i, '25006'],
  [/statement timeout|lock timeout|canceling statement/i, '57014'],
  [
    /ECONN\w+|EHOST\w+|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|terminat|timeout exceeded when trying/i,
    '08006',
  ],
];

/** Messages about a child process, not about a server. */
const aboutChild = /\bchild\b|its process|heap|memory|no answer within|spawn/i;

/** The hint for the server that the message is about; null if it is not about a known server. */
export function hintFor(error: string | null): string | null {
  if (error === null || aboutChild.test(error)) return null;
  const code = codes.find(([words]) => words.test(error))?.[1];
  const rebuilt = Object.assign(new Error(error), code && { code, severity: 'FATAL' });
  const explanation = refusalOf(rebuilt) ?? explainFault(rebuilt);
  return explanation && `in the settings of that process: ${explanation.hint}`;
}
