"""The turns of a chat in the order that stricter servers want them in. Pure, and the same for whoever wants it."""

from tui.providers.requests import Message

GAP = "\n\n"
"""Between texts that are joined."""


def one_system(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The messages with what is said by the system as one, in front of all others."""
    said = [each.text for each in messages if each.role == "system" and each.text.strip()]
    rest = tuple(each for each in messages if each.role != "system")
    return (Message("system", GAP.join(said)), *rest) if said else rest


def alternating(messages: tuple[Message, ...]) -> tuple[str, tuple[Message, ...]]:
    """What the system says, and the turns as question, answer, question: an odd number of them, none blank.

    Blank turns are left out, neighbours of one role are joined, and what stands before the first question or after
    the last one is left out, so that a server which counts and pairs the turns loses none of the others.
    """
    told = [each for each in messages if each.text.strip()]
    turns: list[Message] = []
    for each in told:
        if each.role == "system" or (each.role == "assistant" and not turns):
            continue
        if turns and turns[-1].role == each.role:
            turns[-1] = Message(each.role, turns[-1].text + GAP + each.text)
        else:
            turns.append(each)
    if turns and turns[-1].role == "assistant":
        turns.pop()
    return GAP.join(each.text for each in told if each.role == "system"), tuple(turns)
