# One file, four images. EXTRA names what is installed, the command what runs:
#
#   docker build --target service --build-arg EXTRA=bot -t genrebot-bot .
#   docker build --target worker --build-arg EXTRA=worker -t genrebot-worker .
#
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
RUN uv sync --frozen --no-dev --no-install-project --extra "$EXTRA"
COPY README.md LICENSE hatch_build.py ./
COPY genrebot genrebot
COPY shared shared
COPY services services
COPY training training
COPY devtools devtools
RUN uv sync --frozen --no-dev --no-editable --extra "$EXTRA"

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
# The list of fonts is made here once; a volume on /var/cache/genrebot starts as a copy of it.
RUN ["python", "-c", "from genrebot.shared.music.rendering import figure; figure.warm_up()"]
VOLUME /var/cache/genrebot
CMD ["worker"]
