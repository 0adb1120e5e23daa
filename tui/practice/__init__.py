"""Practice mode: an httpx transport that answers requests in this process.

A provider's folder holds frames transcribed from its documentation and a module `server` with

    ORIGINS        the origins that it answers for
    FIELDS         the fields of a sample tenant, secret ones included
    answer         request -> the response to it
    MODELS         models that it serves and does not list, as added by hand; optional

Every key is accepted unless it holds a word: with `refused` the key is unknown, with `restricted` it may not list
models, with `nocredit` its account is empty, with `busy` the provider is too busy, with `nowhere` the host is not
found, with `overseas` it belongs to the provider's international region. Words in the last question of a chat cause
other outcomes:

    please fail        an error in place of an answer        please break     the connection ends in mid-answer
    please be busy     busy twice, then an answer            please stall     silence after the first words
    please error       an error in mid-stream                please be long   the answer reaches its length limit
    please think       thoughts before the answer            please be empty  an answer without a word
    please be refused  the key is rejected
"""

from tui.practice.transport import Practice

__all__ = ["Practice", "transport"]


def transport(pace: float = 1.0) -> Practice:
    """Return the practice transport; `pace` is a factor for its pauses, 0 leaves them out."""
    return Practice(pace)
