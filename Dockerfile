# Worker, API with the web app, and command line in one image: docker build --tag matinee:local .
# Debian, since DuckDB, libsql and Temporal's core come as glibc binaries.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY scripts/build.mjs scripts/
COPY src src
COPY client client
COPY web web
RUN npm run build && mkdir state
# What development needs goes, the bundler among it. The base image brings Node, so the package that brings it elsewhere goes too, as does
# Temporal's core for other systems.
RUN npm prune --omit=dev \
    && rm -rf node_modules/node-linux-* node_modules/.bin/node \
    && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:24.21.0-bookworm-slim
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY docs/errors.md docs/
COPY --from=build /app/dist dist
RUN ln -s /app/bin/matinee.mjs /usr/local/bin/matinee
# What is written lies here and in /tmp; the rest may be read-only.
COPY --from=build --chown=node:node /app/state /var/lib/matinee
ENV NODE_ENV=production
USER node
WORKDIR /var/lib/matinee
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 CMD ["node", "/app/dist/programs/health-check.js"]
ENTRYPOINT ["matinee"]
CMD ["--help"]
