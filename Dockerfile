# One file, four images: bot, worker, flower, emulator. Only the worker carries numeric
# libraries; the others stay small.
#
#   docker build --target bot -t genrebot-bot .

FROM python:3.12-slim AS build
RUN pip install --no-cache-dir 'uv==0.13.9'
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_PROJECT_ENVIRONMENT=/app/.venv
WORKDIR /app
COPY pyproject.toml uv.lock ./

# Libraries first, the project after: a change of ours does not fetch theirs again.
FROM build AS build-bot
RUN uv sync --frozen --no-dev --no-install-project --extra bot
COPY README.md LICENSE ./
COPY shared shared
COPY services services
RUN uv sync --frozen --no-dev --no-editable --extra bot

FROM build AS build-flower
RUN uv sync --frozen --no-dev --no-install-project --extra flower
COPY README.md LICENSE ./
COPY shared shared
COPY services services
RUN uv sync --frozen --no-dev --no-editable --extra flower

FROM build AS build-emulator
RUN uv sync --frozen --no-dev --no-install-project --extra emulator
COPY README.md LICENSE ./
COPY shared shared
COPY services services
RUN uv sync --frozen --no-dev --no-editable --extra emulator

FROM build AS build-worker
RUN uv sync --frozen --no-dev --no-install-project --extra worker
COPY README.md LICENSE ./
COPY shared shared
COPY services services
RUN uv sync --frozen --no-dev --no-editable --extra worker

FROM python:3.12-slim AS runtime
RUN groupadd --gid 10001 genrebot \
 && useradd --uid 10001 --gid genrebot --no-create-home --home-dir /var/cache/genrebot genrebot \
 && install -d -o genrebot -g genrebot /var/cache/genrebot /data
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/cache/genrebot
# Not /app: the installed package is what runs.
WORKDIR /data
USER genrebot
STOPSIGNAL SIGTERM

FROM runtime AS bot
COPY --from=build-bot /app/.venv /app/.venv
CMD ["genrebot", "bot"]

FROM runtime AS flower
COPY --from=build-flower /app/.venv /app/.venv
CMD ["genrebot", "flower", "--address=0.0.0.0"]

FROM runtime AS emulator
COPY --from=build-emulator /app/.venv /app/.venv
CMD ["genrebot", "emulator", "--host=0.0.0.0"]

FROM runtime AS worker
COPY --from=build-worker /app/.venv /app/.venv
ENV NUMBA_CACHE_DIR=/var/cache/genrebot/numba \
    MPLCONFIGDIR=/var/cache/genrebot/matplotlib
# Compiled functions and font lists are made here once. A volume on /var/cache/genrebot
# starts as a copy of them and lets numba write for a processor it has not met.
RUN python -c "from shared.music import features, picture; features.warm_up(); picture.warm_up()"
VOLUME /var/cache/genrebot
CMD ["genrebot", "worker"]
