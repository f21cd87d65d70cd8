# Builds labdns and puts one bundled file into a distroless image.
# docker build -t labdns --build-arg COMMIT="$(git rev-parse --short HEAD)" .
FROM node:24-bookworm-slim AS build
WORKDIR /labdns
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY scripts scripts
COPY src src
RUN npm ci --ignore-scripts
RUN npm run bundle
ARG COMMIT=unknown
RUN echo "$COMMIT" > build/image/commit

# File capabilities live in an extended attribute, which COPY keeps: port 53 for a user that is not root.
FROM node:24-bookworm-slim AS node
RUN apt-get update && apt-get install -y --no-install-recommends libcap2-bin \
    && setcap cap_net_bind_service=+ep /usr/local/bin/node

FROM gcr.io/distroless/cc-debian12
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /labdns/build/image /labdns
USER 65532:65532
WORKDIR /
EXPOSE 53 53/udp 8080 8181 9153
ENTRYPOINT ["/usr/local/bin/node", "/labdns/labdns.js"]
