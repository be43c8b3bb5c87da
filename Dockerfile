# One image for every process of the portal; which one a container is, its command and environment say.
# Targets: `portal` (the product) and `demo` (besides: mail catcher, sample archives, the walk that proves an installation).
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /venv
COPY requirements/runtime.lock requirements/
RUN /venv/bin/pip install --require-hashes --no-deps -r requirements/runtime.lock

FROM packages AS demo-packages
COPY requirements/demo.lock requirements/
RUN /venv/bin/pip install --require-hashes --no-deps -r requirements/demo.lock

FROM python:${PYTHON}-slim-bookworm AS base
# Fonts for names in the scripts that no package of ours brings.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends fonts-noto-core fonts-wqy-microhei \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 countersign \
 && useradd --uid 10001 --gid 10001 --home-dir /app --no-create-home --shell /usr/sbin/nologin countersign \
 && install -d -o countersign -g countersign /app /spool /inbox /signing /mails /samples
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=portal.settings COUNTERSIGN_ENV_FILE="" COUNTERSIGN_STATIC_ROOT=/app/static
WORKDIR /app
COPY deploy/healthy.py ./

FROM base AS portal
COPY --from=packages /venv /venv
COPY manage.py ./
COPY portal portal
COPY agreements agreements
COPY datasets datasets
# The keys of this one command sign nothing that is kept.
RUN COUNTERSIGN_SECRET_KEY=unused COUNTERSIGN_MASTER_KEYS=1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    python manage.py collectstatic --no-input --verbosity 0 \
 && python -m compileall -q agreements portal
USER 10001:10001
EXPOSE 8000
# The proxy buffers bodies, so none holds a thread; 2 x 32 stay below the 100 connections that PostgreSQL admits.
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--http", "1", "--no-ws", "--workers", "2", "--blocking-threads", "32", "--http1-header-read-timeout", "10000", "portal.wsgi:application"]

FROM base AS demo
COPY --from=demo-packages /venv /venv
COPY portal portal
COPY demo demo
USER 10001:10001
CMD ["python", "-m", "demo.sink", "--smtp", "0.0.0.0:2525", "--viewer", "0.0.0.0:8025", "--folder", "/mails"]
