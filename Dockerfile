# syntax=docker/dockerfile:1
# Debian, not Alpine: the Temporal SDK's native part needs glibc.
FROM node:22.23.1-bookworm-slim AS base
WORKDIR /app

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY migrations migrations
COPY src src
COPY console console
RUN npm run build && npm run sbom

FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
COPY scripts/production-modules.mjs scripts/
RUN npm ci --omit=dev && node scripts/production-modules.mjs

# Debian and the program `node`: no npm, no headers, nothing that builds.
FROM debian:12.12-slim
WORKDIR /app
# The slim image has no certificates; the Temporal SDK takes the system's, for a server with TLS.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && groupadd --gid 1000 node \
  && useradd --uid 1000 --gid node --no-create-home --shell /usr/sbin/nologin node
COPY --from=base /usr/local/bin/node /usr/local/bin/node
# Ends the build here, should this Debian lack a library that node needs.
RUN node --version
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE README.md ./
RUN chmod 755 dist/src/cli/main.js && ln -s /app/dist/src/cli/main.js /usr/local/bin/everhook

ENV NODE_ENV=production
# As `npm run worker` does: memory that attempts leave behind goes back to the system sooner.
ENV MALLOC_ARENA_MAX=2 NODE_OPTIONS=--max-semi-space-size=16
USER node
# API; metrics and health of every role.
EXPOSE 3000 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.METRICS_PORT || 9464}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: signals reach node, which is PID 1.
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["start"]
