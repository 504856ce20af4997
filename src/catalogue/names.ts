/** What bots and entries of knowledge may be called, as their tables take it: at most 50 and at most 100 characters. */
export const botName = /^[a-z0-9][a-z0-9-]{0,49}$/;
export const knowledgeName = /^[a-z0-9][a-z0-9.-]{0,99}$/;
