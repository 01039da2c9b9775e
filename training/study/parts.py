"""Runs the parts of the study; each reads the data and writes its results."""

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
    """Options of a run.

    Attributes:
        data_dir: GTZAN as it is distributed; not needed for the report.
        cache: folder of intermediate results.
        out: folder of the report, its figures and its results.
        threads: threads to fit with.
        trials: trials of each search.

    """

    data_dir: Path | None
    cache: Path
    out: Path
    threads: int
    trials: int


def run(parts: Iterable[Part], job: Job, progress: Progress) -> Results:
    """Run some parts in order; each writes its results before the next one starts.

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
            # Imported part by part: the report needs neither XGBoost nor Optuna.
            from training.study.report.page import write_report  # noqa: PLC0415

            progress("report", 0.0)
            write_report(results, job.out)
            progress("report", 1.0)
        else:
            found = _COMPUTE[part](job, results, progress)
            # Read again: another process may have written another part meanwhile.
            results = Results.read(job.out).model_copy(update={part: found})
            results.write(job.out)
    return results


def _data(job: Job) -> Path:
    if job.data_dir is None:
        raise DataError("This part of the study needs the data: name its folder with --data.")
    return job.data_dir


def _table(job: Job, _results: Results, progress: Progress) -> Any:
    from training.study.protocols.default_classifiers import score_default_classifiers  # noqa: PLC0415
    from training.study.published_rows import load_rows  # noqa: PLC0415

    rows = load_rows(_data(job))
    return score_default_classifiers(rows, Cache(job.cache), threads=job.threads, progress=progress)


def _tune(job: Job, _results: Results, progress: Progress) -> Any:
    from training.study.classifiers.prediction_cache import PredictionCache  # noqa: PLC0415
    from training.study.published_rows import load_rows  # noqa: PLC0415
    from training.study.tuning.holdout import Holdout  # noqa: PLC0415
    from training.study.tuning.tuning import tune  # noqa: PLC0415

    predictions = PredictionCache(Cache(job.cache), job.threads)
    return tune(Holdout(load_rows(_data(job)), predictions), job.trials, progress)


def _splits(job: Job, results: Results, progress: Progress) -> Any:
    from training.study.classifiers.prediction_cache import PredictionCache  # noqa: PLC0415
    from training.study.protocols.protocol_scores import score_protocols  # noqa: PLC0415
    from training.study.published_rows import load_rows  # noqa: PLC0415

    data_dir = _data(job)
    if results.tune is None:
        raise DataError("The splits are scored with the tuned models: run the part tune first.")
    predictions = PredictionCache(Cache(job.cache), job.threads)
    return score_protocols(data_dir, load_rows(data_dir), results.tune, predictions, progress)


def _pictures(job: Job, _results: Results, progress: Progress) -> Any:
    from training.study.image_network.ablation import run_ablation  # noqa: PLC0415

    return run_ablation(_data(job), Cache(job.cache), progress)


_COMPUTE: Final[Mapping[str, Callable[[Job, Results, Progress], Any]]] = {
    "table": _table,
    "tune": _tune,
    "splits": _splits,
    "pictures": _pictures,
}
