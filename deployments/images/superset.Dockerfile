# Superset in an environment of its own, with our configuration and assets; it knows nothing else of the project.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="FIX Lakehouse: Superset" \
      org.opencontainers.image.description="Dashboards on the published snapshot." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 fixlake \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fixlake \
    && install -d -o fixlake -g fixlake /var/lib/superset /var/lib/fixlake /var/lib/fixlake/published
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3-venv tzdata \
    && rm -rf /var/cache/apt /var/lib/apt/lists/*

COPY requirements-pip.lock /opt/fixlake/
COPY deployments/superset/install.sh deployments/superset/requirements.lock /opt/fixlake/deployments/superset/
RUN /opt/fixlake/deployments/superset/install.sh /opt/superset

WORKDIR /opt/fixlake
COPY deployments/services deployments/services
COPY deployments/superset deployments/superset
ENV SUPERSET_VENV=/opt/superset \
    SUPERSET_HOME=/var/lib/superset \
    FIXLAKE_PROJECT=/opt/fixlake \
    FIXLAKE_SECRETS=/run/secrets/fixlake \
    FIXLAKE_PUBLISHED=/var/lib/fixlake/published \
    FIXLAKE_BIND=0.0.0.0 \
    FIXLAKE_SUPERSET_PORT=8088 \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TZ=UTC
USER 10001:10001
EXPOSE 8088
CMD ["/opt/fixlake/deployments/services/superset.sh"]
