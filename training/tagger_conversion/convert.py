"""From the wheel of musicnn to the three files that ship: network, description, licence."""

import hashlib
from pathlib import Path
from typing import Final

from shared.music.constants import (
    PATCH_FRAMES,
    TAGGER_COMPRESSION,
    TAGGER_HOP,
    TAGGER_N_FFT,
    TAGGER_N_MELS,
    TAGGER_SAMPLE_RATE,
)
from shared.music.tagging.tagger import TAG_NAMES
from shared.music.tagging.tagger_metadata import Origin, TaggerMetadata
from training.tagger_conversion.checkpoint import read_weights
from training.tagger_conversion.graph import build_model
from training.tagger_conversion.wheel import (
    NETWORK,
    PACKAGE,
    ConversionError,
    Wheel,
    read_wheel,
)

CITATION: Final = (
    "Jordi Pons and Xavier Serra, "
    '"musicnn: Pre-trained convolutional neural networks for music audio tagging", 2019, '
    "arXiv:1909.06654"
)

INPUT: Final = (
    f"patches: float32 (n, {PATCH_FRAMES}, {TAGGER_N_MELS}), "
    f"log10(1 + {TAGGER_COMPRESSION} * power) of {TAGGER_N_MELS} Slaney mel bands up to "
    f"{TAGGER_SAMPLE_RATE // 2} Hz, {TAGGER_SAMPLE_RATE} Hz mono, Hann frames of "
    f"{TAGGER_N_FFT} samples every {TAGGER_HOP}"
)
"""What the network hears, in words."""


def convert(path: Path, target: Path) -> TaggerMetadata:
    """Convert the network in a wheel; the same wheel always makes the same bytes.

    Args:
        path: the wheel file of musicnn.
        target: the ONNX file to write; its description (``.json``) and the licence
            (``.LICENSE.md``) go beside it, under the same name.

    Raises:
        ConversionError: the wheel does not hold the network that is looked for.
        OSError: a file cannot be read or written.

    """
    wheel = read_wheel(path)
    if wheel.tags != TAG_NAMES:
        raise ConversionError(f"{path} names other tags than this release knows")
    model = build_model(read_weights(wheel))
    content: bytes = model.SerializeToString(deterministic=True)
    info = aggregate(wheel, content)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.with_suffix(".json").write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
    target.with_suffix(".LICENSE.md").write_text(wheel.licence.strip() + "\n", encoding="utf-8")
    return info


def aggregate(wheel: Wheel, content: bytes) -> TaggerMetadata:
    """Describe a network's file and where it comes from."""
    return TaggerMetadata(
        name=NETWORK,
        origin=Origin(
            package=PACKAGE,
            version=wheel.version,
            file=wheel.file_name,
            file_sha256=wheel.sha256,
            checkpoint_sha256=hashlib.sha256(wheel.data).hexdigest(),
            checkpoint_index_sha256=hashlib.sha256(wheel.index).hexdigest(),
            licence="ISC",
            citation=CITATION,
        ),
        input=INPUT,
        tags=wheel.tags,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
    )
