# A centre node: everything that touches an image or a gradient.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE}
LABEL org.opencontainers.image.title="genshare centre node" org.opencontainers.image.licenses="Apache-2.0"
RUN python3 -m venv /opt/genshare \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin genshare \
    && install -d -o genshare -g genshare /data /mammograms
WORKDIR /source
COPY constraints.txt pyproject.toml ./
# The libraries come first: they change rarely and are large. The project itself is not there yet.
# uv installs them in half of pip's time, and itself does not stay.
RUN mkdir genshare hub node_api privacy_page shared signing simulation study_report web_pages centre_node \
    && touch README.md LICENSE \
    && python3 -m venv /tmp/installer \
    && /tmp/installer/bin/pip install --no-cache-dir --no-compile -c constraints.txt uv \
    && /tmp/installer/bin/uv pip install --no-cache --system-certs --python /opt/genshare -c constraints.txt '.[node]' \
    && rm -rf /tmp/installer
COPY README.md LICENSE ./
COPY genshare genshare
COPY hub hub
COPY node_api node_api
COPY shared shared
COPY signing signing
COPY simulation simulation
COPY privacy_page privacy_page
COPY study_report study_report
COPY web_pages web_pages
COPY centre_node centre_node
# Of the libraries' 20,000 modules few are ever imported: those are compiled.
RUN /opt/genshare/bin/pip install --no-cache-dir --no-deps --force-reinstall . \
    && cd / && /opt/genshare/bin/python -c 'import centre_node.main, centre_node.jobs.worker, torch._dynamo'
COPY docker/together /usr/local/bin/
ENV PATH=/opt/genshare/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["genshare"]
CMD ["node", "serve", "--host", "0.0.0.0", "--port", "8001", "--data-dir", "/data", "--mammograms-dir", "/mammograms"]
