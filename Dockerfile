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
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /doorward /doorward
ENV PATH=/doorward/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    DOORWARD_HOST=0.0.0.0 \
    DOORWARD_DATA_DIR=/data
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f\"http://127.0.0.1:{os.getenv('DOORWARD_PORT') or os.getenv('PORT') or 8080}/health/live\", timeout=2)"]
ENTRYPOINT ["doorward"]
CMD ["serve"]
