/** A catalogue that waits for what never comes. */
setInterval(() => {}, 60_000);
await new Promise(() => {});

export const bots = [];
export const remedies = [];
