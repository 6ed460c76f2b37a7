"""Pages that the server writes: templates, and the language of whoever reads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from server.site import answer, file_of
from server.web.words import LANGUAGES, RIGHT_TO_LEFT, chosen, speaker

ACCEPTED_MAX: Final = 20
_templates: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,  # whatever the name of the template
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, language: str, **values: Any) -> bytes:
    """The page `template` in `language`."""
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    common: dict[str, Any] = {
        "t": speaker(language),
        "language": language,
        "languages": LANGUAGES,
        "direction": direction,
    }
    common["comma"] = "\u060c " if language == "ar" else ", "
    return _templates.get_template(template).render(common | values).encode("utf-8")


def page(request: Request, body: bytes, more: Mapping[str, str] | None = None) -> Response:
    """`body` as a page that browsers keep and ask about again; 304 when it is what they have."""
    file = file_of(body, "text/html; charset=utf-8", "no-cache")
    return answer(request, file, {"vary": "accept-language", **(more or {})})


def language_of(request: Request) -> str:
    """The language of the page: what its address asks for (`?lang=`), else what the browser prefers."""
    asked = request.query_params.get("lang", "")
    return chosen(asked[:35], *preferred(request.headers.get("accept-language", "")))


def preferred(header: str) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first; what makes no sense is left out. Pure."""
    found: list[tuple[float, str]] = []
    for part in header[:1000].split(",")[:ACCEPTED_MAX]:
        tag, _semicolon, weight = part.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if tag.replace("-", "").isalnum() and tag.isascii() and quality > 0:
            found.append((-quality, tag))
    return [tag for _quality, tag in sorted(found, key=lambda one: one[0])]
