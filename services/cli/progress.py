"""Progress in stages, a bar for each."""

from rich.progress import Progress, TaskID

from training.data.datasets import Progress as Report


def stages_on(progress: Progress) -> Report:
    """Return what takes a stage's name and the share of it that is done, and shows both."""
    stages: dict[str, TaskID] = {}

    def report(stage: str, share: float) -> None:
        if stage not in stages:
            stages[stage] = progress.add_task(stage, total=1.0)
        progress.update(stages[stage], completed=share)

    return report
