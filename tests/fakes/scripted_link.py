"""A way to a carrier that answers as a test says."""

import trio

from voicecalld.errors import CarrierError
from voicecalld.provider.http import HttpRequest, HttpResponse


class ScriptedLink:
    """Gives one answer after the other, and the last one for ever; None is silence."""

    def __init__(self, *answers: HttpResponse | CarrierError | None) -> None:
        self.answers = list(answers)
        self.requests: list[HttpRequest] = []
        self.asked_s: list[float] = []

    async def request(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        self.asked_s.append(trio.current_time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await trio.lowlevel.checkpoint()
        if answer is None:
            await trio.sleep_forever()
        elif isinstance(answer, CarrierError):
            raise answer
        assert answer is not None
        return answer

    @property
    def verbs(self) -> list[str]:
        """The last parts of the URLs that were asked."""
        return [request.url.rpartition("/")[2] for request in self.requests]
