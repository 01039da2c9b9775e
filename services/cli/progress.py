"""Progress bars on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class FileProgress(Protocol):
    """Takes the number of finished files, the name of the next, and its share that is done."""

    def __call__(self, done: int, name: str, share: float) -> None:
        """Show it."""


@contextmanager
def file_progress(files: int) -> Iterator[FileProgress]:
    """Show one bar that counts files while the body runs; only on a terminal.

    Args:
        files: how many there are.

    """
    if not sys.stderr.isatty():
        yield _ignore
        return
    columns = (TextColumn("{task.description}"), BarColumn(), _FileCount(), TimeRemainingColumn())
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        # What is printed meanwhile goes above the bar, but only if it goes to the terminal too.
        redirect_stdout=sys.stdout.isatty(),
    ) as progress:
        task = progress.add_task("", total=files)

        def report(done: int, name: str, share: float) -> None:
            progress.update(task, description=escape(name), completed=done + share)

        yield report


def _ignore(done: int, name: str, share: float) -> None:
    """Show nothing."""


class _FileCount(ProgressColumn):
    """Finished files of all, or per cent where there is only one."""

    def render(self, task: Task) -> Text:
        if task.total == 1:
            return Text(f"{task.percentage:.0f} %")
        return Text(f"{int(task.completed)}/{int(task.total or 0)} files")


@contextmanager
def stage_progress(
    console: Console | None = None, *, transient: bool = True
) -> Iterator[Callable[[str, float], None]]:
    """Show a bar for each stage while the body runs.

    Args:
        console: where to show them; standard error by default.
        transient: remove them at the end.

    Yields:
        Takes a stage's name and the share of it that is done.

    """
    stages: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = console or Console(stderr=True)
    with Progress(*columns, console=console, transient=transient) as progress:

        def report(stage: str, share: float) -> None:
            if stage not in stages:
                stages[stage] = progress.add_task(stage, total=1.0)
            progress.update(stages[stage], completed=share)

        yield report
