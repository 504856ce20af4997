# Roundsman in a container: `docker build -t roundsman:local .`, then one container for each process, or one for all
# (docs/deploy-containers.md).

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY runtime runtime
# Without the bundled Node: the image has its own. The bundled PostgreSQL (60 MB) is there for the proofs of backups, which are restored into
# a server of their own.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node-linux-*

FROM node:24-bookworm-slim
# The first process of a container has to collect every process that ends below it, and Node collects its own children only.
RUN apt-get update \
  && apt-get install -y --no-install-recommends tini \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY bots bots
COPY jobs jobs
COPY migrations migrations
COPY src src
# An account without a shell, whose only own place is the home of `up`; the program stays root's.
RUN groupadd --system --gid 10001 roundsman \
  && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/roundsman --shell /usr/sbin/nologin roundsman \
  && install -d -o roundsman -g roundsman -m 0700 /var/lib/roundsman /var/lib/roundsman-backups /var/lib/roundsman-proofs
ENV NODE_ENV=production \
    ROUNDSMAN_HOME=/var/lib/roundsman \
    ROUNDSMAN_WEB_HOST=0.0.0.0
USER 10001:10001
EXPOSE 8420
STOPSIGNAL SIGTERM
# By the heartbeat of this container's own process. It opens one connection for less than a second.
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s --retries=3 \
  CMD ["node", "/app/src/bin/roundsman.js", "health", "--live"]
ENTRYPOINT ["/usr/bin/tini", "--", "node", "/app/src/bin/roundsman.js"]
# scheduler, worker or web for one process of several; stop with at least 30 s of grace (docker stop -t 30).
CMD ["up"]
