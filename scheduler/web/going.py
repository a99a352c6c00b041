"""After a form there is a page to look at: reloading it sends nothing again."""

from flask import Response


def go(address: str) -> Response:
    return Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
