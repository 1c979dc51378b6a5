# PostgreSQL as Debian ships and patches it.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="FIX Lakehouse: PostgreSQL" \
      org.opencontainers.image.description="Databases of Prefect, of Superset, and of the file ledger." \
      org.opencontainers.image.licenses="PostgreSQL"
RUN groupadd --gid 10001 fixlake \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fixlake \
    && install -d -o fixlake -g fixlake /var/lib/fixlake
# Debian would make a database of its own, in the image.
RUN install -d /etc/postgresql-common \
    && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf \
    && apt-get update \
    && apt-get install -y --no-install-recommends postgresql-15 \
    && rm -rf /var/cache/apt /var/lib/apt/lists/*
COPY deployments/services /opt/fixlake/deployments/services
ENV POSTGRES_BIN=/usr/lib/postgresql/15/bin \
    FIXLAKE_PROJECT=/opt/fixlake \
    FIXLAKE_SECRETS=/run/secrets/fixlake \
    FIXLAKE_DATA=/var/lib/fixlake \
    FIXLAKE_BIND=0.0.0.0 \
    FIXLAKE_POSTGRES_PORT=5432 \
    TZ=UTC
USER 10001:10001
EXPOSE 5432
# Ends sessions and stops, where TERM would wait for every client to leave.
STOPSIGNAL SIGINT
CMD ["/opt/fixlake/deployments/services/postgres.sh"]
