"""Write the golden file, with the engine ``librosa``."""

import csv

from shared.music.features import reference
from tests.shared.music.golden import GOLDEN, chunks, golden


def main() -> None:
    """Replace the features; names and standard deviations stay."""
    names, spread, _ = golden()
    columns = {
        name: reference.analyse_chunk(samples).features for name, samples in chunks().items()
    }
    with GOLDEN.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("feature", "published_sd", *columns))
        for row, name in enumerate(names):
            values = (spread[row], *(column[row] for column in columns.values()))
            writer.writerow((name, *(f"{value:.9g}" for value in values)))


if __name__ == "__main__":
    main()
