/** The knowledge that the people of the planted platform have added. */
import { slowEndpoint } from './traffic.ts';

/**
 * An entry that waits for a person's answer, with a remedy that changes one row and can be undone: so that a new user can
 * approve something, and take it back.
 */
export const knowledge = [
  {
    name: 'exports.pause-app',
    category: 'api',
    issue_pattern: `^${slowEndpoint}: slow`,
    solution: `# Exports are the work of one app: while they are slow, it takes no more of them.
steps:
  - remedy: app.set-status
    with: { app: invoice-writer, status: maintenance }
`,
    autonomy: 'suggest',
  },
];
