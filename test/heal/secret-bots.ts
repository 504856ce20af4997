/** Remedies that give away what they know, in a process of their own; a child loads this module. */
import { defineBot, defineRemedy, z, type Remedy } from '../../src/bot.ts';

const remedy = (name: string, apply: Remedy['apply']) =>
  defineRemedy({
    name,
    title: name,
    risk: 'safe',
    secrets: true,
    params: z.looseObject({}),
    isDone: async () => false,
    apply,
  });

const forever = () => new Promise<never>(() => {});

const bot = (cure: string) => {
  const name = cure.replace('.', '-');
  return defineBot({
    name,
    displayName: name,
    description: `Wants ${cure}`,
    schedule: '0 0 1 1 *',
    timeoutSeconds: 20,
    config: z.looseObject({}),
    checks: [
      {
        name: 'is-well',
        title: 'Is it well?',
        run: async () => ({
          examined: ['x'],
          findings: [
            { severity: 'high', category: 'trouble', title: `wants ${cure}`, component: 'x' },
          ],
        }),
      },
    ],
    knowledge: [
      {
        name: `cure.${cure}`,
        category: 'trouble',
        pattern: `wants ${cure}`,
        solution: `steps:\n  - remedy: ${cure}\n    with: { a: "{{secret:TOKEN}}" }\n`,
        autonomy: 'auto',
      },
    ],
  });
};

export const remedies = [
  remedy('child.dies', async (_, { secret }) => {
    const value = secret('TOKEN');
    setTimeout(() => {
      throw new Error(`unheard: ${value}`);
    });
    return forever();
  }),
  remedy('child.prints', async (_, { secret }) => {
    process.stderr.write(`${'.'.repeat(4_000)}${secret('TOKEN')}${'.'.repeat(3_993)}`);
    process.exit(1);
  }),
  remedy('child.looks', async (_, { secret }) => {
    let other = 'was told';
    try {
      secret('OTHER');
    } catch (error) {
      other = (error as Error).message;
    }
    return {
      summary: 'looked',
      before: null,
      after: { environment: Object.keys(process.env), own: secret('TOKEN'), other },
    };
  }),
];

export const bots = remedies.map(({ name }) => bot(name));
