"""What is sealed with a key opens with that key and about the same thing only."""

from tui.vault import sealed_bytes


def test_sealed_bytes_open_with_the_same_key_and_subject_only() -> None:
    key, content = sealed_bytes.new_key(), b"settings of a tenant"
    sealed = sealed_bytes.seal(key, content, b"store")
    assert content not in sealed and sealed_bytes.unseal(key, sealed, b"store") == content
    assert sealed_bytes.unseal(key, sealed, b"another") is None
    assert sealed_bytes.unseal(sealed_bytes.new_key(), sealed, b"store") is None
    assert sealed_bytes.unseal(b"short", sealed, b"store") is None
    assert sealed_bytes.unseal(key, sealed[:20], b"store") is None
    for place in range(len(sealed)):
        changed = bytes(byte ^ (position == place) for position, byte in enumerate(sealed))
        assert sealed_bytes.unseal(key, changed, b"store") is None
