"""What all pages share: they take forms, they are not counted as part of the API, and they fail as pages."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from scheduler.api.bodies import FORM, accepts
from scheduler.web import failures, guards


class Pages(Blueprint):
    """A blueprint of pages: forms instead of JSON, writes from this very site alone, errors for people."""

    enable_openapi = False
    """As APIFlask asks: pages are no part of the contract."""

    def __init__(
        self, name: str, import_name: str, url_prefix: str | None = None, framed: bool = False
    ) -> None:
        """`framed`: the clinic's own websites may show these pages in a frame."""
        super().__init__(name, import_name, url_prefix=url_prefix)
        self.framed = framed
        self.before_request(guards.refuse_other_sites)
        failures.register(self)

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,  # noqa: ANN401 - as Flask has it
    ) -> None:
        marked = view_func is None or hasattr(view_func, "accepted_types")
        view = view_func if marked or view_func is None else accepts(FORM)(view_func)
        super().add_url_rule(rule, endpoint, view, provide_automatic_options, **options)
