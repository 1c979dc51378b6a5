# The project itself: Prefect server and worker, receiver, site and every bootstrap are this image with another command.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="FIX Lakehouse" \
      org.opencontainers.image.description="FIX logs in, answers out: flows, parser, quality suites and models." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 fixlake \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin fixlake \
    && install -d -o fixlake -g fixlake /var/lib/fixlake /var/lib/fixlake/published /var/lib/fixlake/docs /var/lib/prefect
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3-venv tzdata \
    && rm -rf /var/cache/apt /var/lib/apt/lists/*

# What changes seldom comes first: a change of the code installs no package again.
COPY requirements-pip.lock requirements.lock /tmp/locks/
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes \
        -r /tmp/locks/requirements-pip.lock \
    && /opt/venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes \
        -r /tmp/locks/requirements.lock

WORKDIR /opt/fixlake
# The decoder is compiled here, from no more than it needs, so that it is compiled again only if that changes.
# numba keeps code only where it may write: the worker takes a copy of this at its start.
COPY fix_transforms/__init__.py fix_transforms/errors.py fix_transforms/
COPY fix_transforms/tables fix_transforms/tables
COPY fix_transforms/fix fix_transforms/fix
RUN PYTHONPATH=/opt/fixlake NUMBA_CACHE_DIR=/opt/compiled /opt/venv/bin/python -m fix_transforms.fix.scanner

COPY prefect.yaml pyproject.toml README.md LICENSE NOTICE ./
COPY fix_transforms fix_transforms
COPY expectations expectations
COPY flows flows
COPY dbt dbt
COPY deployments deployments
RUN /opt/venv/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation --editable . \
    && /opt/venv/bin/python -m compileall -q -j 0 deployments expectations fix_transforms flows

ENV PATH=/opt/venv/bin:$PATH \
    FIXLAKE_PROJECT=/opt/fixlake \
    FIXLAKE_PYTHON=/opt/venv/bin/python \
    FIXLAKE_COMPILED=/opt/compiled \
    FIXLAKE_SECRETS=/run/secrets/fixlake \
    FIXLAKE_HOME=/var/lib/fixlake \
    FIXLAKE_BIND=0.0.0.0 \
    PREFECT_HOME=/var/lib/prefect \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TZ=UTC
USER 10001:10001
CMD ["fixlake", "--help"]
