from io import BytesIO

import pytest

from voicecalld.errors import BadMessageError
from voicecalld.speech.framing import Answer, AnswerReader, Request, render_request
from voicecalld.speech.worker_program import LONGEST_WORK_S, answer_requests


def echo(request: Request) -> Answer:
    return Answer(number=request.number, fields=request.fields)


def test_every_request_is_answered_in_order_until_there_are_no_more() -> None:
    requests = [Request(number=number, fields={"n": number}) for number in (3, 4)]
    stream, answers = BytesIO(b"".join(map(render_request, requests))), BytesIO()

    answer_requests(stream, answers, echo, LONGEST_WORK_S)

    read = AnswerReader().feed(answers.getvalue())
    assert read == [Answer(number=3, fields={"n": 3}), Answer(number=4, fields={"n": 4})]


def test_half_a_request_is_not_answered() -> None:
    answers = BytesIO()

    with pytest.raises(BadMessageError):
        answer_requests(BytesIO(b'{"number": 1, "fie'), answers, echo, LONGEST_WORK_S)

    assert answers.getvalue() == b""
