"""The file as it was sent, wherever it lies.

A small one lies in the spool, a large one in a folder of each machine's own, or with a Bot API
server that shares its files.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from services.worker.context import WorkerContext
from services.worker.execution.task_base import TransientError
from services.worker.telegram import fetch, in_place
from shared.store.jobs import JobView

UPLOAD = "upload"
"""Name in the spool."""


@contextmanager
def upload(ctx: WorkerContext, view: JobView) -> Iterator[BinaryIO]:
    """Open a job's file, which is fetched where it is not at hand.

    Args:
        ctx: what the steps share.
        view: the job.

    Yields:
        A file that can be read and sought.

    Raises:
        AudioError: the file is larger than is accepted.
        GenrebotError: Telegram no longer has the file.
        TransientError: try again later.

    """
    if ctx.blobs.head(view.job_id, UPLOAD) is not None:
        with ctx.blobs.reader(view.job_id, UPLOAD) as spooled:
            yield spooled
        return
    with _path(ctx, view).open("rb") as file:
        yield file


def bring(ctx: WorkerContext, view: JobView) -> str:
    """Have a job's file at hand; the SHA-256 of its content.

    A small one goes into the spool, where every worker finds it. A large one would fill Redis,
    so each worker that needs it fetches its own copy.

    Raises:
        AudioError, GenrebotError, TransientError: as ``upload``.

    """
    job_id, small = view.job_id, ctx.job_settings.spool_upload_bytes
    head = ctx.blobs.head(job_id, UPLOAD)
    if head is not None:
        return head.sha256
    if view.track.file_size is not None and view.track.file_size <= small:
        with ctx.blobs.writer(job_id, UPLOAD) as writer:
            fetch(view.track.file_id, writer, ctx.limits.max_file_size)
            return writer.finish().sha256
    path = _path(ctx, view)
    with path.open("rb") as file:
        if path.stat().st_size > small:
            return hashlib.file_digest(file, "sha256").hexdigest()
        with ctx.blobs.writer(job_id, UPLOAD) as writer:
            shutil.copyfileobj(file, writer)
            return writer.finish().sha256


def _path(ctx: WorkerContext, view: JobView) -> Path:
    """Where on this machine the file lies, once it does."""
    limit = ctx.limits.max_file_size
    if shared := in_place(view.track.file_id, limit):
        return shared
    found = ctx.cache.find(view.job_id)
    if found is not None:
        return found
    expected = min(view.track.file_size or limit, limit)
    with ctx.cache.filling(view.job_id, expected) as file:
        fetch(view.track.file_id, file, limit)
    found = ctx.cache.find(view.job_id)
    if found is None:
        raise TransientError("the folder for large files was emptied")
    return found
