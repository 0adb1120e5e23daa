"""The only doorway of pycryptodome: key pairs, envelopes, and files under a passphrase."""
