"""The security model of the vault, in one page. The only package that uses pycryptodome.

What is protected: the secret fields of a credential, in the settings file, in its earlier states and in every backup of
either. Each tenant has an RSA key pair. The public key is in the tenant's settings, so a key can be saved while the
tenant is locked. The private key is a file of its own, in another folder; with a passphrase, the file alone is useless.

    envelope    md1.<key id>.<wrapped key>.<nonce ‖ ciphertext ‖ tag>        base64url, unpadded, canonical
    wrapped     a fresh AES-256 key under RSA-OAEP: SHA-256, MGF1-SHA-256, label "modeldeck md1"
    ciphertext  AES-256-GCM, 12-byte random nonce, 16-byte tag, over the secrets as a JSON object by field name,
                padded with spaces to a multiple of 256 bytes, so that the length of a key does not show
    bound       as associated data, each item after its length in four bytes, big endian: "md1", tenant id, provider
                id, credential name, key id, and as canonical JSON the allowed origins, those of them allowed in plain
                http, and the clear fields
    key id      the first 8 hex digits of SHA-256 over the public key (DER, SubjectPublicKeyInfo): a label, not a proof
    public      the public key as PEM, also in a file beside the private key; the one in the settings is used only if
                it is the same byte for byte
    private     PKCS#8 in PEM; with a passphrase PBES2: scrypt (N = 2^17, r = 8, p = 1, 128 MiB), AES-256-CBC, which
                OpenSSL reads as well

An AES key seals one message, so a nonce cannot repeat. Only what is written above is accepted: no other version, no
plain text, no second spelling of the same bytes. An envelope that was moved to another tenant, provider or credential,
or whose base URL, origins or other clear fields were edited, does not open, and every such failure is the same
sentence. That is what keeps a key from being sent to a server that someone wrote into the file.

Sealing needs only the public key, so an envelope that opens does not prove who sealed it. `PrivateKey.authenticate`
does: the private key vouches for the list of a tenant's credentials and for its state (`tui.tenancy.manifest`).

What is not protected: names, base URLs, sizes and times are in clear. A private key without a passphrase is as safe as
the folder it is in. While a tenant is unlocked, its key is in memory, and so is a secret while a request is signed;
Python cannot wipe memory, so the vault opens late and keeps nothing. Root, and code that runs as the same user, can
read everything.

`FORMAT.md` describes every byte, so that another program can read it.

Modules: `envelope` (seal, unseal; `KeyHandle`, what an open private key is used through), `key_pair` (generate, load,
export, MACs, fingerprints), `public_key`, `pkcs8` (RSA numbers in DER), `encrypted_file` (a file under a passphrase).
"""
