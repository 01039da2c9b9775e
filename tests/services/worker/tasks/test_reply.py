"""The reply: one for each track, in place of the status message, in every kind of chat."""

from collections.abc import Callable

import numpy as np
import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendPhoto

from devtools.emulator.serving import EmulatorThread
from devtools.emulator.state.faults import Fault
from devtools.emulator.state.records import ChatMessage
from services.worker.context import WorkerContext
from services.worker.reply_message import PLACEHOLDER
from services.worker.storage.artifacts import CLIP, PICTURE, VERDICT
from shared.domain.genres import GENRES
from shared.domain.job_state import CancelReason, JobState
from shared.domain.track import Track
from shared.errors import AudioError, ErrorCode
from shared.music.model.verdict import Verdict
from shared.queue.tasks import TaskName
from shared.store.keys import JobField
from tests.services.worker.conftest import CHAT
from tests.services.worker.manual_worker import ManualWorker
from tests.shared.samples import seen
from tests.sounds import encode, picture, silence

SendFile = Callable[..., Track]
ERROR = AudioError(ErrorCode.SILENT, "The track is silent.")


class Chat:
    """A job that stands before its reply, and the chat that it came from."""

    def __init__(
        self,
        ctx: WorkerContext,
        worker: ManualWorker,
        telegram: EmulatorThread,
        send_file: SendFile,
    ) -> None:
        self.ctx, self.worker, self.telegram = ctx, worker, telegram
        track = send_file(b"x")
        ctx.jobs.create(track)
        self.job_id = track.job_id
        verdict = Verdict.of(
            np.full((2, 10), 1 / len(GENRES)),
            [(0, 3), (3, 6)],
            duration_s=6.5,
            model="test",
            sure_from=0.7,
        )
        ctx.blobs.put(self.job_id, VERDICT, verdict.model_dump_json().encode())
        ctx.blobs.put(self.job_id, PICTURE, picture())
        ctx.blobs.put(self.job_id, CLIP, encode(silence(6), "opus"))
        ctx.jobs.record(self.job_id, JobField.CLIP_SPAN, "0.0 6.0")

    def show_status(self) -> int:
        """Post a status message as the bot does; its number."""

        async def post(bot: Bot) -> int:
            return (await bot.send_message(CHAT, "Step 4 of 5")).message_id

        number: int = self.ctx.telegram.call(post)
        self.ctx.jobs.record(self.job_id, JobField.STATUS_MESSAGE_ID, str(number))
        return number

    def fault(self, **fault: object) -> None:
        """Ask the emulator for a fault."""
        self.telegram.call(lambda state: state.faults.add(Fault.model_validate(fault)))

    def reply(self) -> str:
        """Run the reply, or what has become of it; Celery's state of the task."""
        if not self.worker.waiting():
            self.ctx.dispatcher.reply(self.job_id)
        return self.worker.run(self.worker.take())

    def answers(self) -> list[ChatMessage]:
        """What the bot shows in the chat."""
        messages = self.telegram.call(lambda state: state.messages(CHAT))
        return [message for message in messages if message.from_bot and not message.deleted]

    def kinds(self) -> list[str]:
        """The same, by kind."""
        return [answer.media.kind if answer.media else "text" for answer in self.answers()]

    @property
    def state(self) -> JobState:
        """Where the job is."""
        return seen(self.ctx.jobs, self.job_id).state


@pytest.fixture
def chat(
    ctx: WorkerContext, worker: ManualWorker, telegram: EmulatorThread, send_file: SendFile
) -> Chat:
    """A job with a verdict."""
    return Chat(ctx, worker, telegram, send_file)


def test_the_status_message_becomes_the_answer(chat: Chat) -> None:
    """The same message, now a picture with a caption, then the clip."""
    status = chat.show_status()
    assert chat.reply() == "SUCCESS"
    assert chat.kinds() == ["photo", "voice"]
    answer, clip = chat.answers()
    assert answer.message_id == status
    assert answer.shown.startswith("🤔 Hard to tell")
    assert clip.shown.startswith("What sounds most like")
    assert clip.media is not None
    assert clip.media.duration == 6
    assert chat.state is JobState.DONE


def test_without_a_status_message_the_answer_is_sent_in_reply(chat: Chat) -> None:
    """The queue may be faster than the bot's first message."""
    chat.reply()
    assert chat.kinds() == ["photo", "voice"]
    track = seen(chat.ctx.jobs, chat.job_id).track
    assert [answer.reply_to for answer in chat.answers()] == [track.message_id] * 2


def test_a_deleted_status_message_is_made_up_for(chat: Chat) -> None:
    """The user may have deleted it meanwhile."""
    status = chat.show_status()
    chat.telegram.call(
        lambda state: state.chats.delete(state.chats.existing(CHAT).messages[status])
    )
    chat.reply()
    assert chat.kinds() == ["photo", "voice"]
    assert chat.state is JobState.DONE


def test_an_answer_that_arrived_before_the_line_went_dead_is_not_given_twice(chat: Chat) -> None:
    """The second edit says "not modified" or changes nothing that can be seen."""
    status = chat.show_status()
    chat.fault(kind="drop_after", method="editMessageMedia")
    assert chat.reply() == "RETRY"
    assert chat.reply() == "SUCCESS"
    assert chat.kinds() == ["photo", "voice"]
    assert chat.answers()[0].message_id == status


@pytest.mark.parametrize("kind", ["retry_after", "server_error", "drop"])
@pytest.mark.parametrize("method", ["editMessageMedia", "sendVoice"])
def test_an_answer_survives_telegrams_bad_moments(chat: Chat, method: str, kind: str) -> None:
    """One picture, at most one clip, however often it takes."""
    chat.show_status()
    chat.fault(kind=kind, method=method, times=2, retry_after=1)
    states = [chat.reply()]
    while chat.worker.waiting():
        states.append(chat.reply())
    assert states[-1] == "SUCCESS"
    assert chat.state is JobState.DONE
    lost = method == "sendVoice" and kind != "retry_after"
    assert chat.kinds() == (["photo"] if lost else ["photo", "voice"])


def test_a_pause_that_telegram_asks_for_is_kept(chat: Chat) -> None:
    """429 names its seconds; the task waits that long off the worker."""
    chat.show_status()
    chat.fault(kind="retry_after", method="editMessageMedia", retry_after=33)
    assert chat.reply() == "RETRY"
    (again,) = chat.worker.waiting()
    assert again.task_name is TaskName.REPLY
    assert again.eta is not None


def test_a_blocked_bot_ends_the_job_in_peace(chat: Chat) -> None:
    """Nobody is there to hear the verdict; nothing is tried again."""
    chat.show_status()
    chat.telegram.call(lambda state: state.block(CHAT))
    assert chat.reply() == "SUCCESS"
    assert seen(chat.ctx.jobs, chat.job_id).fields[JobField.CANCELLED] == CancelReason.GONE
    assert chat.worker.waiting() == []


def test_where_pictures_are_forbidden_the_words_go_alone(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group may restrict media; the status message takes the caption as text."""
    status = chat.show_status()

    async def refuse(*_: object, **__: object) -> None:
        raise TelegramBadRequest(
            SendPhoto(chat_id=CHAT, photo="x"),
            "Bad Request: not enough rights to send photos to the chat",
        )

    for method in ("edit_message_media", "send_photo", "send_voice"):
        monkeypatch.setattr(Bot, method, refuse)
    assert chat.reply() == "SUCCESS"
    (answer,) = chat.answers()
    assert answer.message_id == status
    assert answer.shown.startswith("🤔 Hard to tell")
    assert chat.state is JobState.DONE


def test_a_chat_that_is_gone_ends_the_job_in_peace(
    chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    """Telegram calls it a bad request; it is no defect of ours and not tried again."""
    chat.telegram.call(lambda state: state.chats.clear())
    assert chat.reply() == "SUCCESS"
    assert seen(chat.ctx.jobs, chat.job_id).fields[JobField.CANCELLED] == CancelReason.GONE
    assert chat.worker.waiting() == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_reason_why_there_is_no_verdict_takes_the_status_messages_place(chat: Chat) -> None:
    """One text, the same message, and no clip."""
    status = chat.show_status()
    chat.ctx.jobs.fail(chat.job_id, ERROR)
    chat.reply()
    (answer,) = chat.answers()
    assert answer.message_id == status
    assert answer.shown == "a.wav\n😕 The track is silent."
    assert chat.state is JobState.FAILED


def test_a_reason_is_sent_new_where_there_is_no_status_message(chat: Chat) -> None:
    """And a second run changes that message instead of sending another."""
    chat.ctx.jobs.fail(chat.job_id, ERROR)
    chat.fault(kind="drop_after", method="editMessageText")
    assert [chat.reply(), chat.reply()] == ["RETRY", "SUCCESS"]
    assert chat.kinds() == ["text"]
    assert chat.answers()[0].shown == "a.wav\n😕 The track is silent."
    assert chat.state is JobState.FAILED


@pytest.mark.parametrize("method", ["sendMessage", "editMessageMedia"])
def test_a_verdict_comes_once_though_telegrams_answer_got_lost(chat: Chat, method: str) -> None:
    """Without a status message too; all that may come twice is the placeholder."""
    chat.fault(kind="drop_after", method=method)
    assert [chat.reply(), chat.reply()] == ["RETRY", "SUCCESS"]
    texts = [answer.shown for answer in chat.answers() if not answer.media]
    assert texts == ([PLACEHOLDER] if method == "sendMessage" else [])
    assert sorted(set(chat.kinds()) - {"text"}) == ["photo", "voice"]
    assert chat.kinds().count("photo") == 1
    assert chat.state is JobState.DONE


def test_an_expired_verdict_is_owned_up_to(chat: Chat) -> None:
    """The reply finds no verdict: the user is told to send the track again."""
    chat.show_status()
    chat.ctx.blobs.delete(chat.job_id)
    assert chat.reply() == "SUCCESS"
    assert chat.reply() == "SUCCESS"
    (answer,) = chat.answers()
    assert "send it again" in answer.shown
    assert chat.state is JobState.FAILED


def test_a_second_reply_that_waited_for_the_lock_does_nothing(chat: Chat) -> None:
    """The job is over by the time it holds the lock."""
    chat.show_status()
    advance = chat.ctx.jobs.advance
    chat.reply()
    calls = chat.telegram.call(lambda state: dict(state.calls))
    chat.ctx.dispatcher.reply(chat.job_id)
    sent = chat.worker.take()
    with pytest.MonkeyPatch.context() as patch:
        # As if it had looked at the state before the other run ended the job.
        patch.setattr(
            chat.ctx.jobs.__class__,
            "advance",
            lambda _, job_id, state: state is JobState.REPLYING or advance(job_id, state),
        )
        assert chat.worker.run(sent) == "SUCCESS"
    assert chat.telegram.call(lambda state: dict(state.calls)) == calls


def test_the_reply_waits_while_the_bot_writes(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that stays held is a reason to come back, not to write across it."""
    monkeypatch.setattr("services.worker.tasks.reply.LOCK_WAIT_S", 0.1)
    chat.show_status()
    with chat.ctx.jobs.status_lock(chat.job_id, wait_s=0):
        assert chat.reply() == "RETRY"
    assert chat.reply() == "SUCCESS"
    assert chat.kinds() == ["photo", "voice"]
