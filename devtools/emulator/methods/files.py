"""getFile: the way from a file's id to its bytes."""

from typing import Final

from devtools.emulator.errors import bad_request
from devtools.emulator.methods.call import Call
from devtools.emulator.methods.handler import Handler
from devtools.emulator.state.emulator_state import EmulatorState
from devtools.emulator.state.records import JsonObject


async def get_file(state: EmulatorState, call: Call) -> JsonObject:
    """Give the path to download a file from."""
    stored = state.files.get(call.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    if stored.media.file_size > state.config.download_limit:
        raise bad_request("file is too big")
    return {
        "file_id": stored.media.file_id,
        "file_unique_id": stored.media.file_unique_id,
        "file_size": stored.media.file_size,
        "file_path": stored.path,
    }


METHODS: Final[dict[str, Handler]] = {"getFile": get_file}
