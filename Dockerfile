# One image for the API, the worker, the sweeper and the migrations; a second, tiny stage for the door before the API.
# Needs no settings and no secrets to build.

FROM python:3.13-slim AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
COPY requirements/build.lock requirements/base.lock requirements/
# What builds our wheel stays in a place of its own and never reaches the final image.
RUN python -m venv /tools && /tools/bin/pip install --quiet --no-deps --require-hashes -r requirements/build.lock \
    && python -m venv /opt/visits && /opt/visits/bin/pip install --quiet --no-deps --require-hashes -r requirements/base.lock
COPY pyproject.toml README.md ./
COPY config config
COPY scheduler scheduler
COPY workers workers
RUN /tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/visits/bin/pip install --quiet --no-deps /wheels/*.whl \
    && /opt/visits/bin/python -m pip uninstall --quiet --yes pip


# Spreads requests over however many `api` there are, so that scaling needs no other address.
FROM python:3.13-slim AS door
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends haproxy \
    && rm -rf /var/lib/apt/lists/*
COPY config/haproxy.cfg /etc/haproxy/haproxy.cfg
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python3", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000), 3).close()"]
CMD ["haproxy", "-f", "/etc/haproxy/haproxy.cfg"]


FROM python:3.13-slim AS service
RUN groupadd --system --gid 10001 visits \
    && useradd --system --uid 10001 --gid visits --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin visits
COPY --from=builder /opt/visits /opt/visits
# Time zones come from the pinned tzdata package alone. The file system may be read-only: nothing is written but /tmp.
ENV PATH=/opt/visits/bin:$PATH \
    PYTHONTZPATH="" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VISITS_BIND=0.0.0.0:8000
WORKDIR /tmp
USER visits
EXPOSE 8000
# 200 for `ready` and for `degraded`: it can book. http.client, because it never asks a proxy.
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8000, timeout=5); c.request('GET', '/health/ready'); sys.exit(c.getresponse().status != 200)"]
CMD ["gunicorn", "-c", "python:config.gunicorn", "scheduler.wsgi:app"]
