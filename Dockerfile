# One file, four images. EXTRA names what is installed (one or more, with blanks between them), the
# command what runs:
#
#   docker build --target service --build-arg EXTRA=bot -t genrebot-bot .
#   docker build --target worker --build-arg EXTRA=worker -t genrebot-worker .
#   docker build --target worker --build-arg EXTRA="worker librosa" -t genrebot-worker .
#
# The last has the engine librosa as well, which costs 290 MB: numba and LLVM, scikit-learn, librosa.
# Only the worker carries numeric libraries; bot, flower and emulator stay small.

FROM python:3.12-slim AS build
RUN pip install --no-cache-dir 'uv==0.13.9'
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/app/.venv
WORKDIR /app
COPY pyproject.toml uv.lock ./
ARG EXTRA=bot
# Libraries first, the project after: a change of ours does not fetch theirs again.
RUN uv sync --frozen --no-dev --no-install-project $(printf -- '--extra %s ' $EXTRA)
COPY README.md LICENSE hatch_build.py ./
COPY genrebot genrebot
COPY shared shared
COPY services services
COPY training training
COPY devtools devtools
RUN uv sync --frozen --no-dev --no-editable $(printf -- '--extra %s ' $EXTRA)
# 65 MB that nothing imports: the libraries' own tests, and onnxruntime's tools for making models.
# The worker's stage checks that what is left works.
RUN find .venv -type d -name tests -prune -exec rm -rf {} + \
 && rm -rf .venv/lib/python3*/site-packages/onnxruntime/transformers \
           .venv/lib/python3*/site-packages/onnxruntime/quantization \
           .venv/lib/python3*/site-packages/onnxruntime/tools

FROM python:3.12-slim AS service
RUN groupadd --gid 10001 genrebot \
 && useradd --uid 10001 --gid genrebot --no-create-home --home-dir /var/cache/genrebot genrebot \
 && install -d -o genrebot -g genrebot /var/cache/genrebot /data
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/cache/genrebot
COPY --from=build /app/.venv /app/.venv
# Not /app: the installed package is what runs.
WORKDIR /data
USER genrebot
ENTRYPOINT ["genrebot"]
CMD ["bot"]

FROM service AS worker
ENV MPLCONFIGDIR=/var/cache/genrebot/matplotlib
# A whole verdict with its picture, and the worker's application with its tasks: nothing that they
# import was removed. The list of fonts is made on the way; a volume on /var/cache/genrebot starts as
# a copy of it.
RUN python -c "import sys; from genrebot.devtools.local.demo_track import compose; \
sys.stdout.buffer.write(compose())" > /tmp/check.mp3 \
 && genrebot classify --plot /tmp/check.png /tmp/check.mp3 \
 && python -c "from genrebot.services.worker.celery_app import app; \
app.loader.import_default_modules(); app.finalize()" \
 && rm /tmp/check.*
VOLUME /var/cache/genrebot
CMD ["worker"]
