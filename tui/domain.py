"""Domain nouns as plain values: tenant, provider, credential, model, default model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class ModelType(StrEnum):
    """What a model does. The values are the ids used in storage and commands."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    SPEECH2TEXT = "speech2text"

    @property
    def label(self) -> str:
        """The word on the screen: `chat`, `embedding`, `speech-to-text`."""
        return _TYPE_LABELS[self]


_TYPE_LABELS = {
    ModelType.CHAT: "chat",
    ModelType.EMBEDDING: "embedding",
    ModelType.SPEECH2TEXT: "speech-to-text",
}


FALLBACK_TYPES = frozenset((ModelType.CHAT, ModelType.SPEECH2TEXT))
"""Types whose default can have fallbacks. Vectors of two embedding models cannot be compared, so these have none."""

MAX_FALLBACKS = 3


class Supply(StrEnum):
    """Whether a provider develops the models that it serves (`own`) or serves third parties' (`hosting`)."""

    OWN = "own"
    HOSTING = "hosting"


class ImportMode(StrEnum):
    """How a provider's models come: listed by it, added by hand, or both."""

    IMPORTED = "imported"
    ADDED = "added"
    BOTH = "both"


class Origin(StrEnum):
    """How a model was added to the list."""

    IMPORTED = "imported"
    ADDED = "added"


class KeySource(StrEnum):
    """Whose key pays for a call."""

    OWN = "own"
    TRIAL = "trial"


class VerificationState(StrEnum):
    """The outcome of the last verification of a credential."""

    READY = "ready"
    RESTRICTED = "restricted"
    REFUSED = "refused"
    UNVERIFIED = "unverified"


class ProviderState(StrEnum):
    """The state of a provider, or of one of its credentials, for a tenant. The values are those of `--json`."""

    READY = "ready"
    RESTRICTED = "restricted"
    UNVERIFIED = "not verified"
    REFUSED = "key refused"
    UNDECRYPTABLE = "cannot be opened"
    UNCONFIRMED = "not confirmed"
    NOT_SET_UP = "not set up"
    TRIAL = "trial"
    TRIAL_LOW = "trial low"
    TRIAL_EXHAUSTED = "trial used up"
    TRIAL_GONE = "trial gone"

    @property
    def usable(self) -> bool:
        """Whether a request can be tried."""
        return self in _USABLE


_USABLE = frozenset(
    (
        ProviderState.READY,
        ProviderState.RESTRICTED,
        ProviderState.UNVERIFIED,
        ProviderState.TRIAL,
        ProviderState.TRIAL_LOW,
    )
)


class ModelState(StrEnum):
    """The state of a model for a tenant. The values are those of `--json`."""

    READY = "ready"
    ENDING = "ends"
    GONE = "gone"
    UNUSABLE = "provider not usable"


class DefaultState(StrEnum):
    """The state of a type's default model. The values are those of `--json`."""

    READY = "ready"
    NONE = "none"
    GONE = "gone"
    NOT_SET_UP = "provider not set up"
    REFUSED = "key refused"
    UNDECRYPTABLE = "cannot be opened"
    UNCONFIRMED = "not confirmed"
    TRIAL_EXHAUSTED = "trial used up"
    TRIAL_GONE = "trial gone"


class ManifestState(StrEnum):
    """The state of a tenant's list of credentials. The values are those of `--json`."""

    PROVED = "vouched for"
    UNPROVED = "not proved"
    CHANGED = "changed from outside"
    OLDER = "older state put back"


@dataclass(frozen=True)
class VerificationResult:
    """The last verification: when (ISO 8601, UTC), how long (milliseconds), and what was said, in words.

    `detail` holds the server's own words; they are shown once and not stored. `expires` is the date (YYYY-MM-DD) until
    which the provider accepts the key, '' if it does not say; it is stored with the lifetimes of keys.
    """

    state: VerificationState = VerificationState.UNVERIFIED
    at: str = ""
    ms: int = 0
    message: str = ""
    hint: str = ""
    detail: str = field(default="", metadata={"stored": False})
    expires: str = field(default="", metadata={"stored": False})

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", VerificationState(self.state))


@dataclass(frozen=True)
class Tenant:
    """Who the settings belong to. `id` is a slug fixed at creation; `name` can change.

    `key_id` is the fingerprint (8 hex digits) of the tenant's RSA key pair, `public_key` its SubjectPublicKeyInfo as
    PEM, `mark` is one of six colours (0 to 5), `protected` says whether the private key has a passphrase.
    `fingerprint_key` (hex) is in settings of versions before only; by now it is beside the private key.
    """

    id: str
    name: str
    created: str
    key_id: str
    public_key: str
    fingerprint_key: str = field(default="", repr=False)
    protected: bool = False
    mark: int = 0


@dataclass(frozen=True)
class Credential:
    """One named set of a provider's fields: the clear ones as they are, the secret ones sealed in one envelope.

    `hints` maps each filled secret field to its last four characters (or nothing), `fingerprints` to 8 hex digits.
    `references` maps secret fields to where their value is, such as `pass:work/openai`; these are not in the envelope.
    `kind` is the provider that its connection was like when it was sealed, '' where the provider is none.
    `origins` are the only ones that the envelope's secrets may be sent to; `plain_http` those of them that a person
    allowed although they are neither https nor loopback.
    """

    provider: str = field(metadata={"identity": True})
    name: str = field(metadata={"identity": True})
    clear: Mapping[str, str]
    envelope: str
    key_id: str
    origins: tuple[str, ...]
    hints: Mapping[str, str] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    plain_http: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    active: bool = True
    created: str = ""
    changed: str = ""
    check: VerificationResult = field(default_factory=VerificationResult)
    listed_at: str = ""
    kind: str = field(default="", metadata={"identity": True})

    def __post_init__(self) -> None:
        object.__setattr__(self, "origins", tuple(self.origins))
        object.__setattr__(self, "plain_http", tuple(self.plain_http))
        if isinstance(self.check, Mapping):
            object.__setattr__(self, "check", VerificationResult(**self.check))


DEFAULT_NAME = "default"
"""The name of a provider's first credential, where none is typed."""

_PREVIOUS_SUFFIX = ".kept"


def previous_name(credential: str) -> str:
    """Return the name under which a credential keeps the key it had before a rotation."""
    return f"{credential}{_PREVIOUS_SUFFIX}"


def previous_of(credential: str) -> str:
    """Return the credential whose previous key has this name, or '' for any other name."""
    return credential.removesuffix(_PREVIOUS_SUFFIX) if credential.endswith(_PREVIOUS_SUFFIX) else ""


@dataclass(frozen=True)
class Model:
    """A model of a tenant: provider + id + type.

    `context` is in tokens and `dimensions` in numbers a vector, 0 when unknown. `ends` is the date (YYYY-MM-DD) that
    the provider announced for its end, `gone` the date since which the provider no longer lists it. `fields` are the
    entries of an added model, `price` is the provider's own, as its list has it, with the date as `listed`.
    `inputs` are what the provider's list says that it takes (`text`, `image`, `pdf`), () where it says nothing.
    """

    provider: str = field(metadata={"identity": True})
    id: str = field(metadata={"identity": True, "hidden": True})
    type: ModelType
    origin: Origin = Origin.IMPORTED
    context: int = 0
    dimensions: int = 0
    ends: str = ""
    gone: str = ""
    completion: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    price: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A tenant may have 20,000 of them: what is right already stays.
        if type(self.type) is not ModelType or type(self.origin) is not Origin or type(self.inputs) is not tuple:
            object.__setattr__(self, "type", ModelType(self.type))
            object.__setattr__(self, "origin", Origin(self.origin))
            object.__setattr__(self, "inputs", tuple(self.inputs))

    @property
    def ref(self) -> str:
        """`provider/model id`, as commands and titles write it."""
        return f"{self.provider}/{self.id}"


@dataclass(frozen=True)
class Default:
    """The model that a tenant uses for one type, and since when.

    `fallbacks` are asked, in order, where it does not answer; each is `provider/model`.
    """

    type: ModelType
    provider: str = field(metadata={"identity": True})
    model: str = field(metadata={"identity": True, "hidden": True})
    set_at: str
    fallbacks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", ModelType(self.type))
        object.__setattr__(self, "fallbacks", tuple(self.fallbacks))

    @property
    def refs(self) -> tuple[str, ...]:
        """The model and its fallbacks, in the order in which they are asked."""
        return self.ref, *self.fallbacks

    @property
    def ref(self) -> str:
        """Return `provider/model`, as commands write it."""
        return f"{self.provider}/{self.model}"
