/** How freely an entry may act: what it gains, what it loses, and what a component of it keeps. */
import type { Mutants } from './mutant.ts';

export const judging: Mutants[] = [
  {
    file: 'src/heal/judging/autonomy.ts',
    test: 'test/heal/autonomy.test.ts',
    servers: false,
    changes: {
      'a shadow suggests though people did something else': [' && differed === 0', ''],
      'what is irreversible comes to act alone': ["risk === 'irreversible' || lower", 'lower'],
      'an entry begins to act alone on a failure': [' || !newestHeld', ''],
      'an entry acts alone though nothing was left untouched': [
        'casesOf(untouched) >= minCases && ',
        '',
      ],
      'an entry acts alone that is only perhaps better than nothing': [
        'liftOf(record, untouched) >= requiredEvidence',
        'liftOf(record, untouched) > 0',
      ],
      'what is irreversible keeps acting alone': [
        "return {\n        autonomy: 'suggest',\n        why: 'an effect that cannot be undone always needs an approval',\n      };",
        'return null;',
      ],
    },
  },
  {
    file: 'src/heal/judging/judgements.ts',
    test: 'test/heal/judgements.test.ts',
    servers: false,
    changes: {
      'each component keeps what its entry loses': ['speaksFor(part, risk, after, judge)', 'true'],
      'a component without success is suggested when its entry is not': [
        'part.record.held > 0',
        'true',
      ],
      'a component with an autonomy of its own is not lowered with its entry': [
        'own === null && due.autonomy === after',
        'due.autonomy === after',
      ],
    },
  },
  {
    file: 'src/heal/judging/harm.ts',
    test: 'test/heal/harm.test.ts',
    servers: false,
    changes: {
      'what does harm keeps acting alone': ["if (from === 'auto') return {", 'if (false) return {'],
      'what does harm gains auto by its record': ["change?.autonomy === 'auto' ? null : ", ''],
    },
  },
];
