/** The key with which tests sign. */
export const signingKey = `whsec_${Buffer.from('a key of a test, 32 bytes long..').toString('base64')}`;
