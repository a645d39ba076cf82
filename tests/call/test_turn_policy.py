from tests.call.playbook import conversation, notification


def test_a_conversation_can_be_interrupted_and_a_notification_cannot() -> None:
    assert conversation().turn.is_interruptible
    assert not notification().turn.is_interruptible
