"""The unlock agent: a process that holds the private keys of opened tenants and uses them on request.

It is off unless a person starts it. Commands and consoles of the same user ask it before they ask for a passphrase;
what they get is the secrets of one envelope, or the HMAC of one manifest. No request returns a private key.

    socket      $XDG_RUNTIME_DIR/modeldeck/agent.sock, mode 0600, in a folder of mode 0700; both belong to the user
    peers       each end asks the kernel for the other's user ID (SO_PEERCRED) and closes if it is not its own
    message     four bytes with the length, big endian, then a JSON object of that length in UTF-8; at most 8 MiB
    connection  one request and one answer, within 5 seconds; of more than 16 that wait, the oldest is closed

A request is {"version": 1, "do": …} with, depending on what it does:

    status                                  the process, its limits, and the tenants that are open
    find          tenant, public            the public key in PEM and its ID, if the private one is open
    add           tenant, private           keep a private key (PKCS#8 in PEM, unprotected)
    unseal        tenant, public, envelope, binding    the secrets of one envelope, by field name
    authenticate  tenant, public, content   the HMAC of a manifest, in hex
    lock          tenant                    forget the tenant's keys, or with "" all keys
    stop                                    forget all keys and end

`public` is the SHA-256 of the public key, in hex. An answer is {"ok": …}, or {"error": …} with `absent` (the tenant is
not open here), `sealed` (the envelope does not open) or `invalid` (not a request).

A key is forgotten when no envelope was opened with it for the idle time; at the end of its time the process ends. Both
are counted while the machine sleeps, too. Nothing is written to a disk, so nothing is lost when the process is killed.

The process is not dumpable, so that other processes of the user can read neither its memory nor its environment; it
writes no core file, and its memory is not swapped where the system allows that. It does not protect a tenant from
programs of the same user: like a command, any of them may ask it while the tenant is open. Root can read everything.

Modules: `protocol` (messages), `keys` (the opened keys, requests to answers), `server` (the process), `client`.
"""
