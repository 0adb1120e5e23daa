"""Message order for strict chat servers: merge and alternate turns. Pure functions."""

from tui.providers.requests import Message

GAP = "\n\n"
"""Between texts that are joined."""


def one_system(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Return the messages with all system messages joined into one, before the others."""
    instructions = [message.text for message in messages if message.role == "system" and message.text.strip()]
    rest = tuple(message for message in messages if message.role != "system")
    return (Message("system", GAP.join(instructions)), *rest) if instructions else rest


def alternating(messages: tuple[Message, ...]) -> tuple[str, tuple[Message, ...]]:
    """Return what the system says, and the turns as question, answer, question: an odd number of them, none blank.

    Blank turns are left out, neighbours of one role are joined, and what stands before the first question or after
    the last one is left out, so that a server which counts and pairs the turns loses none of the others.
    """
    nonblank = [message for message in messages if message.text.strip()]
    turns: list[Message] = []
    for entry in nonblank:
        if entry.role == "system" or (entry.role == "assistant" and not turns):
            continue
        if turns and turns[-1].role == entry.role:
            last = turns[-1]
            turns[-1] = Message(entry.role, last.text + GAP + entry.text, last.attachments + entry.attachments)
        else:
            turns.append(entry)
    if turns and turns[-1].role == "assistant":
        turns.pop()
    return GAP.join(message.text for message in nonblank if message.role == "system"), tuple(turns)
