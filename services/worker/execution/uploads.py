"""The file as it was sent, wherever it is.

A small one is a blob, a large one is in the machine's upload cache, or with a Bot API server that
shares its files.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from services.worker.context import WorkerContext
from services.worker.storage.artifacts import UPLOAD
from shared.errors import TransientError
from shared.store.job_view import JobView


@contextmanager
def open_upload(ctx: WorkerContext, view: JobView) -> Iterator[BinaryIO]:
    """Open a job's file, and fetch it first if it is not at hand.

    Args:
        ctx: what the tasks share.
        view: the job.

    Yields:
        A seekable file.

    Raises:
        AudioError: the file is larger than is accepted.
        GenrebotError: Telegram no longer has the file.
        TransientError: try again later.

    """
    if ctx.blobs.head(view.job_id, UPLOAD) is not None:
        with ctx.blobs.reader(view.job_id, UPLOAD) as blob:
            yield blob
        return
    with _path(ctx, view).open("rb") as file:
        yield file


def fetch_upload(ctx: WorkerContext, view: JobView) -> str:
    """Fetch a job's file, unless that was done before; return the SHA-256 of its content.

    A small file is stored as a blob for all workers. A large one would fill Redis, so each machine
    that needs it fetches its own copy.

    Raises:
        AudioError, GenrebotError, TransientError: as ``open_upload``.

    """
    job_id, small = view.job_id, ctx.job_settings.spool_upload_bytes
    head = ctx.blobs.head(job_id, UPLOAD)
    if head is not None:
        return head.sha256
    if view.track.file_size is not None and view.track.file_size <= small:
        with ctx.blobs.writer(job_id, UPLOAD) as writer:
            ctx.telegram.fetch(view.track.file_id, writer, ctx.limits.max_file_size)
            return writer.finish().sha256
    path = _path(ctx, view)
    with path.open("rb") as file:
        if path.stat().st_size > small:
            return hashlib.file_digest(file, "sha256").hexdigest()
        with ctx.blobs.writer(job_id, UPLOAD) as writer:
            shutil.copyfileobj(file, writer)
            return writer.finish().sha256


def _path(ctx: WorkerContext, view: JobView) -> Path:
    """Return the file's path on this machine, fetching it if need be."""
    limit = ctx.limits.max_file_size
    if shared := ctx.telegram.local_file(view.track.file_id, limit):
        return shared
    found = ctx.uploads.find(view.job_id)
    if found is not None:
        return found
    expected = min(view.track.file_size or limit, limit)
    with ctx.uploads.filling(view.job_id, expected) as file:
        ctx.telegram.fetch(view.track.file_id, file, limit)
    found = ctx.uploads.find(view.job_id)
    if found is None:
        raise TransientError("the folder for large files was emptied")
    return found
