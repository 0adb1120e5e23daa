"""Practice mode: an httpx transport that answers requests in this process.

A provider's folder holds frames transcribed from its documentation and a module `answers` with

    ORIGINS        the origins that it answers for
    FIELDS         what a made-up tenant fills in, secret fields included
    answer(asked)  the answer to one request
    MODELS         models that it serves and does not list, as added by hand; none where it is left out

Every key is taken unless it says otherwise: with `refused` in it the key is unknown, with `restricted` it may not list
models, with `nocredit` its account is empty, with `busy` the provider has no time, with `nowhere` the host is not
found, with `overseas` it belongs to the international one of a provider's regions. In a chat these words, anywhere in
the last question, bring about what they say:

    please fail        an error in place of an answer        please break     the connection ends in mid-answer
    please be busy     busy twice, then an answer            please stall     silence after the first words
    please error       an error in mid-stream                please be long   the answer reaches its length limit
    please think       thoughts before the answer            please be empty  an answer without a word
    please be refused  the key is refused
"""

from tui.practice.transport import Practice

__all__ = ["Practice", "transport"]


def transport(pace: float = 1.0) -> Practice:
    """Return the practice transport; `pace` is a factor for its pauses, 0 leaves them out."""
    return Practice(pace)
