"""The commands by which Telnyx is told what to do, one request each.

A command that must not be performed twice has a ``command_id``, made of what it is for: sent
again it is the same command. What an event of the call will echo is in its ``client_state``; a
command without one leaves that as it is.

Source: Telnyx's reference of its call commands; the tests compare with what its own library sends.
"""

from voicecalld.ids import ProviderCallId
from voicecalld.provider.base import ConnectStream, NamedCall
from voicecalld.provider.http import HttpRequest, HttpResponse
from voicecalld.provider.telnyx.answer import (
    Fields,
    build_recogniser,
    build_speech,
    build_stream,
)
from voicecalld.provider.telnyx.client_state import render_client_state
from voicecalld.provider.telnyx.rest import Account, is_gone, make_command_id
from voicecalld.provider.voice import Voice


class TelnyxCommands:
    """Telnyx's call commands for one account, as requests that somebody else sends."""

    def __init__(self, account: Account, voice: Voice) -> None:
        self._account = account
        self._voice = voice

    def take(self, call: NamedCall) -> HttpRequest:
        """The request that answers an inbound call; every later event will have our id of it."""
        fields = {
            "command_id": make_command_id("answer", call.call_id),
            "client_state": render_client_state(call.call_id),
            "send_silence_when_idle": True,
        }
        return self._command(call, "answer", fields)

    def reject(self, call: ProviderCallId) -> HttpRequest:
        """The request that refuses an inbound call, before it costs anything."""
        return self._account.command(call, "reject", {"cause": "CALL_REJECTED"})

    def connect(self, call: NamedCall, answer: ConnectStream) -> HttpRequest:
        """The request that connects the call's audio to our media stream."""
        fields = {
            **build_stream(answer),
            "command_id": make_command_id("streaming_start", call.call_id, answer.token),
        }
        return self._command(call, "streaming_start", fields)

    def say(self, call: NamedCall, text: str, turn: str) -> HttpRequest:
        """The request to speak *text*, at most 3000 characters.

        Its end will be reported with the turn token *turn*. What is still being said is said
        first.
        """
        fields = {
            **build_speech(text, self._voice),
            "command_id": make_command_id("speak", call.call_id, turn, text),
            "client_state": render_client_state(call.call_id, turn),
        }
        return self._command(call, "speak", fields)

    def stop_saying(self, call: NamedCall) -> HttpRequest:
        """The request to say nothing more, neither of what is being said nor of what waits."""
        return self._command(call, "playback_stop", {"stop": "all"})

    def listen(self, call: NamedCall, turn: str) -> HttpRequest:
        """The request to report, from now on, what the other party says, and nothing of ours."""
        fields = {
            **build_recogniser(self._voice.language),
            "command_id": make_command_id("transcription_start", call.call_id, turn),
            "client_state": render_client_state(call.call_id, turn),
        }
        return self._command(call, "transcription_start", fields)

    def stop_listening(self, call: NamedCall, turn: str) -> HttpRequest:
        """The request to report no more of what they say."""
        fields = {
            "command_id": make_command_id("transcription_stop", call.call_id, turn),
            "client_state": render_client_state(call.call_id, turn),
        }
        return self._command(call, "transcription_stop", fields)

    def is_over(self, response: HttpResponse) -> bool:
        """Whether a command was refused only because the call is over."""
        return is_gone(response)

    def _command(self, call: NamedCall, verb: str, fields: Fields) -> HttpRequest:
        return self._account.command(call.provider_call_id, verb, fields)
