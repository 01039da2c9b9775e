"""From the wheel of musicnn to the three files that ship: network, description, licence."""

import hashlib
from pathlib import Path

from services.trainer.tagger.checkpoint import read_weights
from services.trainer.tagger.graph import build_model
from services.trainer.tagger.wheel import NETWORK, PACKAGE, ConversionError, Wheel, read_wheel
from shared.music.tagger import CITATION, INPUT, TAG_NAMES, Origin, TaggerInfo


def convert(path: Path, target: Path) -> TaggerInfo:
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
    info = describe(wheel, content)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.with_suffix(".json").write_text(info.model_dump_json(indent=2) + "\n", encoding="utf-8")
    target.with_suffix(".LICENSE.md").write_text(wheel.licence.strip() + "\n", encoding="utf-8")
    return info


def describe(wheel: Wheel, content: bytes) -> TaggerInfo:
    """Describe a network's file and where it comes from."""
    return TaggerInfo(
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
