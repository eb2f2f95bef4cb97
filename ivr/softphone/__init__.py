"""A small SIP/RTP softphone: callers who speak into a real Asterisk, and agents who answer them.

`caller.Caller` dials, `agent.Agent` answers. Whatever reads bytes from the wire (`message`, `multipart`,
`address`, `sdp`, `rtp`, `dtmf`) and every timer rule (`transaction`, `dialog`) is pure: no socket, no clock.
Sockets live in `endpoint` (signalling) and `media` (sound), nowhere else.
"""
