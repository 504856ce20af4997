/** How titles name a payment: by the provider's id, with which an operator finds it at the provider, and its amount. */
import { recordedInWords, type RecordedSum } from './amounts.ts';

/** RE2: an id as {@link providerIdOr} returns it, for the patterns of knowledge. */
export const anyId = '[\\w.:-]{1,80}';

/** The provider's id, or our own where the provider's is missing or is no plain word. */
export const providerIdOr = (id: string, providerId: string | null): string =>
  providerId !== null && /^[\w.:-]{1,80}$/.test(providerId) ? providerId : id;

/** `pi_3Mtw of 20.00 USD` */
export const paymentInWords = ({
  id,
  provider_transaction_id: providerId,
  ...sum
}: RecordedSum & { id: string; provider_transaction_id: string | null }): string =>
  `${providerIdOr(id, providerId)} of ${recordedInWords(sum)}`;
