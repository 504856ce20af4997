/** Sums of money, as Stripe and as the platform's payments count them. */

/** A sum in the currency's smallest unit, as Stripe counts: cents, but whole yen and thousandths of a dinar. */
export interface Sum {
  amount: number;
  /** three capitals */
  currency: string;
}

/** What the platform has recorded: `amount_cents` of a payment, whose currency may be missing. */
export interface RecordedSum {
  amount_cents: number;
  currency: string | null;
}

/**
 * Stripe counts these in whole units or in thousandths (docs.stripe.com/currencies), and the documented column is called
 * amount_cents: a platform may have written either. UGX and ISK have no cents either, but Stripe counts them in hundredths (special cases).
 */
const thousandths = new Set('BHD JOD KWD OMR TND'.split(' '));
const wholeUnits = new Set(
  'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '),
);

const decimalsOf = (currency: string): number =>
  wholeUnits.has(currency) ? 0 : thousandths.has(currency) ? 3 : 2;

const currencyOf = ({ currency }: RecordedSum): string => (currency ?? 'USD').toUpperCase();

/** Whether a recorded sum is this one, in cents or as Stripe counts. */
export const isSameSum = (recorded: RecordedSum, { amount, currency: of }: Sum): boolean => {
  const { amount_cents } = recorded;
  return (
    currencyOf(recorded) === of &&
    (amount_cents === amount ||
      (wholeUnits.has(of) && amount_cents === amount * 100) ||
      (thousandths.has(of) && amount_cents * 10 === amount))
  );
};

/** In the unit by which people name the currency: `5.00 USD`, `500 JPY`, `5.000 KWD`. */
export function sumInWords({ amount, currency }: Sum): string {
  const decimals = decimalsOf(currency);
  return `${(amount / 10 ** decimals).toFixed(decimals)} ${currency}`;
}

/** Where a currency has no cents, the number as it is recorded: it may be in hundredths, or as Stripe counts. */
export function recordedInWords(recorded: RecordedSum): string {
  const currency = currencyOf(recorded);
  return decimalsOf(currency) === 2
    ? sumInWords({ amount: recorded.amount_cents, currency })
    : `${recorded.amount_cents} in amount_cents (${currency})`;
}
