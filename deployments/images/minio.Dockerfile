# MinIO, built from its Go module: upstream publishes no binaries. Go's checksum database vouches for every module,
# a hash for the compiler.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3-venv \
    && rm -rf /var/cache/apt /var/lib/apt/lists/*
COPY deployments/minio/build.sh deployments/minio/go.lock /build/
RUN /build/build.sh /build/minio

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="FIX Lakehouse: MinIO" \
      org.opencontainers.image.description="The object store that logs are dropped into and tables lie in." \
      org.opencontainers.image.licenses="AGPL-3.0-only"
RUN groupadd --gid 10001 fixlake \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fixlake \
    && install -d -o fixlake -g fixlake /var/lib/fixlake
COPY --from=build /build/minio /usr/local/bin/minio
COPY deployments/services /opt/fixlake/deployments/services
ENV MINIO_BIN=/usr/local/bin/minio \
    FIXLAKE_PROJECT=/opt/fixlake \
    FIXLAKE_SECRETS=/run/secrets/fixlake \
    FIXLAKE_DATA=/var/lib/fixlake \
    FIXLAKE_BIND=0.0.0.0 \
    FIXLAKE_MINIO_PORT=9000 \
    FIXLAKE_MINIO_CONSOLE_PORT=9001 \
    TZ=UTC
USER 10001:10001
EXPOSE 9000 9001
CMD ["/opt/fixlake/deployments/services/minio.sh"]
