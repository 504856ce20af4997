/** The key with which the messages of tests are signed. */
export const key = `whsec_${Buffer.from('a key of thirty-two bytes, or so').toString('base64')}`;
