/**
 * The names that bots and entries of knowledge may have, as their tables allow: at most 50 and at most 100
 * characters.
 */
export const botName = /^[a-z0-9][a-z0-9-]{0,49}$/;
export const knowledgeName = /^[a-z0-9][a-z0-9.-]{0,99}$/;
