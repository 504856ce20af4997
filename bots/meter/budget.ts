/** Spending against budgets of a day and of a month. */
import type { CheckContext, CheckResult, ReportedFinding } from '../../src/bot.ts';
import { shortened } from '../parts/in-words.ts';
import { userInWords } from '../parts/people.ts';
import type { Config } from './config.ts';
import { noneIn, readSpending, sum, type Spent } from './spending.ts';
import { all, inCents, maxShown, nameOfProvider, requireUsage } from './usage.ts';

interface Budget {
  subject: string;
  /** of a user: how titles name it */
  user?: string;
  period: 'day' | 'month';
  spent: number;
  budget: number | null;
}

export async function findOverBudget(config: Config, context: CheckContext): Promise<CheckResult> {
  const { month_cents, day_cents, user_month_cents, user_day_cents } = config;
  const { provider_month_cents, model_month_cents } = config;
  await requireUsage(context);
  const hasUserBudget = user_month_cents !== null || user_day_cents !== null;
  const hasBudgets = !noneIn(provider_month_cents) || !noneIn(model_month_cents);
  if (month_cents === null && day_cents === null && !hasUserBudget && !hasBudgets)
    context.skip(
      'no budget is set: `npx roundsman bots edit meter --set month_cents=100000` sets one for all providers; ' +
        '`npx roundsman bots show meter` names the other budgets',
    );
  const providers = await readSpending('provider', context, config);
  const models: Map<string, Spent> = noneIn(model_month_cents)
    ? new Map()
    : await readSpending('model', context, config);
  const users: Map<string, Spent> = hasUserBudget
    ? await readSpending('user_id', context, config)
    : new Map();
  const total = { month: sum(providers, 'month'), day: sum(providers, 'day') };
  const budgets: Budget[] = [
    { subject: all, period: 'month', spent: total.month, budget: month_cents },
    { subject: all, period: 'day', spent: total.day, budget: day_cents },
    ...Object.entries(provider_month_cents).map(([provider, budget]) => {
      const spent = providers.get(provider)?.month ?? 0;
      return { subject: nameOfProvider(provider), period: 'month' as const, spent, budget };
    }),
    ...Object.entries(model_month_cents).map(([model, budget]) => ({
      subject: `model ${model}`,
      period: 'month' as const,
      spent: models.get(model)?.month ?? 0,
      budget,
    })),
    ...[...users].flatMap(([id, { month, day, email }]): Budget[] => {
      const [subject, user] = [`user ${id}`, userInWords(id, email)];
      return [
        { subject, user, period: 'month', spent: month, budget: user_month_cents },
        { subject, user, period: 'day', spent: day, budget: user_day_cents },
      ];
    }),
  ];
  const found = budgets
    .flatMap((each) => findingOf(each, config))
    .toSorted((a, b) => b.share - a.share);
  return {
    examined: { count: budgets.filter(({ budget }) => budget !== null).length, except: [] },
    figures: [
      { name: 'spent today', value: total.day, unit: 'cents' },
      { name: 'spent this month', value: total.month, unit: 'cents' },
      ...(month_cents === null
        ? []
        : [
            {
              name: "share of the month's budget",
              value: (100 * total.month) / month_cents,
              unit: '%',
            },
          ]),
      ...(day_cents === null
        ? []
        : [{ name: "share of the day's budget", value: (100 * total.day) / day_cents, unit: '%' }]),
    ],
    truncated: found.length > config.max_findings || users.size > config.max_findings,
    findings: found.slice(0, config.max_findings).map(({ finding }) => finding),
  };
}

function findingOf(
  { subject, user, period, spent, budget }: Budget,
  { warn_percent, critical_percent }: Config,
): { share: number; finding: ReportedFinding }[] {
  const share = budget === null ? 0 : (100 * spent) / budget;
  if (budget === null || share < warn_percent) return [];
  const isUser = user !== undefined;
  const over = isUser ? 'medium' : share >= critical_percent ? 'critical' : 'high';
  return [
    {
      share,
      finding: {
        severity: share >= 100 ? over : isUser ? 'low' : 'medium',
        category: 'costs',
        title: `Javari budget: ${shortened(isUser ? `user ${user}` : subject, maxShown)} spent ${Math.floor(share)} % of the ${period}'s budget (${inCents(spent)} of ${inCents(budget)})`,
        description: `The ${period} is counted in UTC. A budget is reported from ${warn_percent} % on.`,
        component: subject,
        key: `${subject}, ${period}`,
        metadata: { spent_cents: spent, budget_cents: budget, percent: share, period },
      },
    },
  ];
}
