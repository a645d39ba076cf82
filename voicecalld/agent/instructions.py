"""What a model is told before a call: that it is heard, not read."""

from typing import Final

from voicecalld.agent.base import Briefing

DEFAULT_INSTRUCTIONS: Final = (
    "You are a voice agent in a telephone call. What you write is spoken aloud, as it is, and "
    "what you read was made out by a speech recognizer, which makes mistakes: if something makes "
    "no sense, ask. Answer in one or two short sentences, as people talk: no lists, no headings, "
    "no Markdown, no emoji, no addresses of web pages. Write numbers, dates and times as they are "
    "said. Ask one question at a time. If your last words end with an ellipsis, the other party "
    "interrupted you there and has heard nothing behind it."
)

TOOLS_BY_TAGS: Final = (
    "To hang up, say goodbye and then write <end_call/> as the very last thing; do so only when "
    "the conversation is over. To press keys of the telephone, for example in a menu, write "
    '<press keys="12#"/> with the keys. Neither is spoken.'
)

TOOLS: Final = (
    {
        "type": "function",
        "function": {
            "name": "end_call",
            "description": "Hang up. Say goodbye in the same answer; it is heard before the call "
            "ends. Only when the conversation is over.",
            "parameters": {"type": "object", "properties": {}},
        },
    },
    {
        "type": "function",
        "function": {
            "name": "press_keys",
            "description": "Press keys of the telephone towards the other party, for example in "
            "a menu. What you say in the same answer is said before.",
            "parameters": {
                "type": "object",
                "properties": {
                    "keys": {"type": "string", "description": "Of 0 to 9, * and #: 12#"}
                },
                "required": ["keys"],
            },
        },
    },
)


def build_instructions(system_prompt: str, briefing: Briefing, *, has_tools: bool) -> str:
    """The operator's *system_prompt*, or ours, and what the model must know of this call."""
    whose = "They called you." if briefing.direction == "inbound" else "You called them."
    parts = [
        system_prompt.strip() or DEFAULT_INSTRUCTIONS,
        f"{whose} The language of the call is {briefing.language}.",
        "" if has_tools else TOOLS_BY_TAGS,
    ]
    return "\n".join(filter(None, parts))
