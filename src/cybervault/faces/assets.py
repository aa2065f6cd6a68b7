"""Serve the files that the build left in one flat folder: immutable, compressed where the browser takes it."""

import re
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

# Names that carry a hash of their content: no separator, no leading dot, no surprise.
_NAME: Final = re.compile(r"\A[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}\Z")
_MEDIA_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def asset_response(folder: Path, request: Request) -> Response:
    """The file that the path parameter `name` names, compressed where the build left a compressed copy; or 404."""
    name = request.path_params["name"]
    media_type = _MEDIA_TYPES.get(Path(name).suffix)
    path = folder / name
    if media_type is None or not _NAME.match(name) or not path.is_file():
        raise HTTPException(404)
    packed = path.with_name(f"{name}.gz")
    if _takes_gzip(request) and packed.is_file():
        headers = {**_HEADERS, "Content-Encoding": "gzip"}
        return FileResponse(packed, headers=headers, media_type=media_type)
    return FileResponse(path, headers=_HEADERS, media_type=media_type)


def _takes_gzip(request: Request) -> bool:
    """Whether gzip is among the accepted encodings and not refused by a zero weight."""
    for part in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "").rstrip("0") not in {"q=", "q=0."}
    return False
