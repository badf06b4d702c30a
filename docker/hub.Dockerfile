# The hub, and the light command line that drives a simulation. No tensor library.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /source
RUN python3 -m venv /opt/genshare
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY genshare genshare
COPY hub hub
COPY node_api node_api
COPY shared shared
COPY signing signing
COPY simulation simulation
COPY study_report study_report
COPY web_pages web_pages
# [postgres,s3] for a hub that keeps nothing on this machine.
ARG EXTRAS=
RUN /opt/genshare/bin/pip install --no-cache-dir --no-compile -c constraints.txt ".${EXTRAS}" \
    && /opt/genshare/bin/pip uninstall --yes setuptools pip \
    && find /opt/genshare -name __pycache__ -prune -exec rm -rf {} +

FROM ${BASE}
LABEL org.opencontainers.image.title="genshare hub" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/genshare /opt/genshare
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin genshare \
    && install -d -o genshare -g genshare /data /results /ended
COPY docker/together /usr/local/bin/
ENV PATH=/opt/genshare/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["genshare"]
CMD ["hub", "serve", "--host", "0.0.0.0", "--port", "8000", "--data-dir", "/data"]
