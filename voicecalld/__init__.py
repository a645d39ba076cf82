"""The daemon that holds telephone calls between people and a voice agent.

The life of a call that we place, and who does what in it:

=====================================================  ====================================
an order comes through the control socket              control/server.py
its parameters are checked, its method is found        control/handlers.py
the call gets its id, and a task of its own            switchboard/registry.py
each of its steps is on disk before it is answered     switchboard/journal.py
everything that happens waits in one mailbox           switchboard/actor.py
the rules answer each event with commands              call/machine.py
dialling, ringing, answer, end: what may follow what   call/leg.py
the carrier is asked to dial, by a value               provider/mock/rest.py
whoever delivers that value may be a network           net/carrier_link.py
a real carrier gets HTTPS, repeated if that is safe    net/http_client.py
the mock carrier takes it, and a telephone rings       exchange/exchange.py
its party answers, talks and interrupts as scripted    exchange/party.py
whoever connects from outside is looked at first       web/edge.py
nothing but well-formed requests comes any further     web/head.py
a request becomes a webhook, the cheapest checks first web/webhooks.py
the carrier's webhooks come to our door                switchboard/reception.py
is it really the carrier?                              provider/mock/signature.py
what has happened, in our words                        provider/mock/webhook.py
the answer says where the sound shall go               provider/mock/answer.py
a media stream opens as a WebSocket                    web/media_socket.py
it must prove whose call it carries                    switchboard/tokens.py
its messages become frames                             provider/mock/media.py
frames come in, frames go out                          switchboard/media_pump.py
without a stream the carrier speaks and listens        switchboard/native_talk.py
one clock paces all calls, 50 times a second           net/wheel.py
a voice is told from noise                             audio/activity.py
whose turn it is, and what a barge-in is               call/turn.py
speech becomes words                                   speech/embedded_transcriber.py
the agent thinks of an answer                          agent/embedded.py
the answer is spoken clause by clause, as it comes     switchboard/turn_task.py
text is cut where a voice may pause                    call/clauses.py
words become sound                                     speech/embedded_synthesizer.py
what was queued, what was sent, what was heard         call/playout.py
how long the other party had waited                    call/latency.py
both sides, in order, with no word that was not heard  switchboard/minutes.py
hung up, written down, and only then called over       switchboard/ending.py
all that is left in the end                            call/record.py
=====================================================  ====================================

A call that comes in begins at the door: ``switchboard/reception.py``. Who is given what is told by
``assembly.py`` alone, and a process is made of it in ``daemon.py``. Above ``provider/`` there is
I/O; there and below, in ``call/``, ``rpc/`` and ``audio/``, nothing waits, sleeps, logs, or knows
the time.
"""

__version__ = "0.1.0"
