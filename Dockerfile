# The console's image: web server, worker, migrations, and what fetches models into pods of scorers.
# The base is pinned by its tag; to pin its content as well, build with --build-arg PYTHON=python@sha256:…
ARG PYTHON=python:3.11-slim-trixie

FROM ${PYTHON} AS builder
WORKDIR /app
COPY requirements-kubernetes.lock ./
# Exactly what the lock file names, each file by its hash, and wheels only: nothing is compiled and no setup.py is run.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python --no-cache-dir --disable-pip-version-check \
        install --require-hashes --only-binary :all: -r requirements-kubernetes.lock
ENV PATH=/opt/venv/bin:$PATH
COPY manage.py ./
COPY mlops_console ./mlops_console
COPY runtimes ./runtimes
COPY deployments ./deployments
COPY templates ./templates
COPY static ./static
# The settings ask for a data folder and make a key in it: both stay behind in this stage. No database is asked.
RUN DATA_DIR=/tmp/build DATABASE_URL=postgresql:///none STATIC_ROOT=/app/collected \
        python manage.py collectstatic --no-input \
    && python -m compileall -q --invalidation-mode unchecked-hash manage.py mlops_console runtimes deployments

FROM ${PYTHON}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="MLOps Console" \
      org.opencontainers.image.description="Runtime management for model serving" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# The base's own installers have nothing left to do, and would only be scanned.
RUN python -m pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip \
    && groupadd --gid 10001 console \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin console \
    && install --directory --owner 10001 --group 10001 /var/lib/mlops-console
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/var/lib/mlops-console \
    STATIC_ROOT=/app/collected \
    MALLOC_ARENA_MAX=2
USER 10001:10001
EXPOSE 8000
CMD ["gunicorn", "--config", "python:mlops_console.serving.gunicorn", "--bind", "0.0.0.0:8000"]
