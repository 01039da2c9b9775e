"""Write the golden file anew, with plain librosa calls."""

import csv

from devtools.bench.programs.plain import reference_features
from tests.shared.music.golden import GOLDEN, chunks, golden


def main() -> None:
    """Keep names and standard deviations, replace the features."""
    names, spread, _ = golden()
    columns = {name: reference_features(samples) for name, samples in chunks().items()}
    with GOLDEN.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("feature", "published_sd", *columns))
        for row, name in enumerate(names):
            values = (spread[row], *(column[row] for column in columns.values()))
            writer.writerow((name, *(f"{value:.9g}" for value in values)))


if __name__ == "__main__":
    main()
