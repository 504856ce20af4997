/** A catalogue whose module never finishes loading. */
setInterval(() => {}, 60_000);
await new Promise(() => {});

export const bots = [];
export const remedies = [];
