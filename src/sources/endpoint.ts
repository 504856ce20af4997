/** Which values of `bots.api_endpoint` name a source. */

const prefix = 'in:';

/** Of a source: up to 50 lower-case letters, digits and hyphens, a letter or digit first. It is a part of an address. */
export const sourceName = /^[a-z0-9][a-z0-9-]{0,49}$/;

/** Whether the endpoint means a source, whether or not its name can be used. */
export const isSource = (endpoint: string): boolean => endpoint.startsWith(prefix);

/** The source's name, which stands behind `/in/` in the address that its sender is given. */
export const sourceOf = (endpoint: string): string => endpoint.slice(prefix.length);

export const endpointOf = (source: string): string => `${prefix}${source}`;

/** Why an endpoint that {@link isSource} cannot be used; null if it can. */
export const problemOfSource = (endpoint: string): string | null =>
  sourceName.test(sourceOf(endpoint))
    ? null
    : 'a source is named by up to 50 lower-case letters, digits and hyphens, a letter or digit first';
