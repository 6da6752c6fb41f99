# Build: the locked packages, each with its hash, and Doorward itself, compiled, in one folder.
FROM python:3.13-slim AS build
WORKDIR /build
COPY requirements/uv.txt requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /uv && /uv/bin/pip install --no-cache-dir --require-hashes -r requirements/uv.txt
RUN python -m venv --without-pip /doorward \
 && /uv/bin/uv pip sync --no-cache --python /doorward/bin/python --require-hashes --compile-bytecode requirements/runtime.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN /uv/bin/uv pip install --no-cache --python /doorward/bin/python --no-deps --build-constraints requirements/build.txt --compile-bytecode .

# Run: Python and that folder, nothing to install with, and nobody who could write to it.
FROM python:3.13-slim
# Group 0, because OpenShift runs the image as a user of its own choice in that group.
RUN install --directory --owner=10001 --group=0 --mode=0770 /data
COPY --from=build /doorward /doorward
ENV PATH=/doorward/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    DOORWARD_HOST=0.0.0.0 \
    DOORWARD_DATA_DIR=/data
USER 10001:0
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os; from http.client import HTTPConnection; live = HTTPConnection('127.0.0.1', int(os.getenv('DOORWARD_PORT') or os.getenv('PORT') or 8080), timeout=2); live.request('GET', '/health/live'); raise SystemExit(live.getresponse().status != 200)"]
ENTRYPOINT ["doorward"]
CMD ["serve"]
