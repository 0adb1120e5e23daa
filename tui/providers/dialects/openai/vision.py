"""Images and documents that OpenAI's chat models take (OpenAI guides, images and vision, PDF files)."""

import re

from tui.domain import Model
from tui.providers.dialects.attachments import IMAGES, MEGABYTE, PDF, limits_of, vision_by_name
from tui.providers.dialects.openai.models import base_of, looks_official
from tui.providers.spec import AttachmentLimits

OPENAI = AttachmentLimits(
    source="https://developers.openai.com/api/docs/guides/images-vision",
    images=IMAGES,
    documents=(PDF,),
    size=50 * MEGABYTE,
    total=50 * MEGABYTE,
    count=500,
)
"""50 MB of a request, 500 images; PDFs: 50 MB of all files (guide, PDF files)."""

_VISION = r"gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-[5-9]|gpt-\d\d|chatgpt-4o|o1(?!-(mini|preview))|o3(?!-mini)|o4"


def attachment_limits(model: Model, named: str = "", limits: AttachmentLimits = OPENAI) -> AttachmentLimits | None:
    """Return what a chat model takes. `named` is the model behind it, where its own ID does not say which that is."""
    name = base_of(named or model.id)
    has_vision = bool(re.match(_VISION, name)) if looks_official(name) else vision_by_name(name)
    return limits_of(model, limits, has_vision)
