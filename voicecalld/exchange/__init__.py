"""The mock carrier's other half: telephones and lines, as if at the far end of a network.

`exchange` takes requests and starts a `line` for each call; a `party` is who speaks on it, by a
`plan` made of a script. Towards the daemon there is only
what a carrier has: signed webhooks, media streams and answers to requests (`trunk`, `wire`).
"""
