"""The parts of the study, each read from the data and written to the results."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from training.data.gtzan import DataError
from training.study.cache import Cache
from training.study.results import Results

Part = Literal["table", "tune", "splits", "pictures", "report"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Job:
    """What a run was asked for.

    ``out`` is the folder that gets the report, its figures and its results.
    """

    data_dir: Path | None
    cache: Path
    out: Path
    threads: int
    trials: int


def run(parts: Iterable[Part], job: Job, progress: Progress) -> Results:
    """Do some parts in their order; each leaves its results before the next begins.

    Raises:
        DataError: the data folder is not given or does not hold what is needed, or a
            part needs another one's results.

    """
    wanted = set(parts)
    results = Results.read(job.out)
    for part in PARTS:
        if part not in wanted:
            continue
        if part == "report":
            # Each part imports what it alone needs: a report needs neither XGBoost nor Optuna.
            from training.study.report.page import write_report  # noqa: PLC0415

            progress("report", 0.0)
            write_report(results, job.out)
            progress("report", 1.0)
        else:
            found = _COMPUTE[part](job, results, progress)
            # Read again: another part may have been done beside this one meanwhile.
            results = Results.read(job.out).model_copy(update={part: found})
            results.write(job.out)
    return results


def _data(job: Job) -> Path:
    if job.data_dir is None:
        raise DataError("This part of the study needs the data: name its folder with --data.")
    return job.data_dir


def _table(job: Job, _results: Results, progress: Progress) -> Any:
    from training.study.protocols.comparison import table  # noqa: PLC0415
    from training.study.protocols.rows import load_rows  # noqa: PLC0415

    rows = load_rows(_data(job))
    return table(rows, Cache(job.cache), threads=job.threads, progress=progress)


def _tune(job: Job, _results: Results, progress: Progress) -> Any:
    from training.study.classifiers.fitted import Bench  # noqa: PLC0415
    from training.study.classifiers.tuning import tune  # noqa: PLC0415
    from training.study.protocols.row_split import Contest  # noqa: PLC0415
    from training.study.protocols.rows import load_rows  # noqa: PLC0415

    bench = Bench(Cache(job.cache), job.threads)
    return tune(Contest(load_rows(_data(job)), bench), job.trials, progress)


def _splits(job: Job, results: Results, progress: Progress) -> Any:
    from training.study.classifiers.fitted import Bench  # noqa: PLC0415
    from training.study.protocols.rows import load_rows  # noqa: PLC0415
    from training.study.protocols.splits import splits  # noqa: PLC0415

    data_dir = _data(job)
    if results.tune is None:
        raise DataError("The splits are scored with the tuned models: do the part tune first.")
    bench = Bench(Cache(job.cache), job.threads)
    return splits(data_dir, load_rows(data_dir), results.tune, bench, progress)


def _pictures(job: Job, _results: Results, progress: Progress) -> Any:
    from training.study.pictures.ablation import climb  # noqa: PLC0415

    return climb(_data(job), Cache(job.cache), progress)


_COMPUTE: Final[Mapping[str, Callable[[Job, Results, Progress], Any]]] = {
    "table": _table,
    "tune": _tune,
    "splits": _splits,
    "pictures": _pictures,
}
