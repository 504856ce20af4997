import type { PolicyDocument } from './schema.ts';

/** The policy of a new installation (v9_93_policies.sql): javari, to whom tickets are given, has no way to act yet. */
export const defaultPolicy: PolicyDocument = {
  rules: [
    {
      name: 'javari has no way to act',
      when: { assignees: ['javari'] },
      steps: [
        { after: '30m', to: 'admin' },
        { after: '1h', to: 'owner' },
      ],
    },
  ],
};
