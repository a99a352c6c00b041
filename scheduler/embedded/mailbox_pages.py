"""The mailbox over HTTP: a page to look at, and Mailpit's API to ask."""

from flask import Blueprint, Flask, Response, abort, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from scheduler.embedded.mail_reading import Mail, read_mail, summary
from scheduler.embedded.mail_store import MailStore

PAGE = 50
HOSTS = ("localhost", "127.0.0.1")

pages = Blueprint("mailbox", __name__, template_folder="templates", static_folder="static")


def mailbox_app(store: MailStore) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.extensions["mail_store"] = store
    app.config["TRUSTED_HOSTS"] = list(HOSTS)  # a website whose name points here must not read mails
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(pages)
    app.after_request(_protect)
    app.register_error_handler(HTTPException, _plainly)
    return app


@pages.get("/")
def list_page() -> str:
    ids = _store().ids()
    start = _number("start", 0, len(ids))
    mails = [_mail(each) for each in ids[start : start + PAGE]]
    return render_template("list.html", mails=mails, total=len(ids), start=start, page=PAGE)


@pages.get("/mail/<mail_id>")
def mail_page(mail_id: str) -> str:
    return render_template("mail.html", mail=_mail(mail_id))


@pages.get("/mail/<mail_id>/raw")
def download(mail_id: str) -> Response:
    name = f'attachment; filename="{_mail(mail_id).stored.id}.eml"'
    response = Response(_mail(mail_id).stored.raw, mimetype="message/rfc822")
    response.headers["Content-Disposition"] = name
    return response


@pages.get("/api/v1/messages")
def list_messages() -> Response:
    """Newest first, as Mailpit's `GET /api/v1/messages`; nothing here is ever marked as read."""
    ids = _store().ids()
    start = _number("start", 0, len(ids))
    chosen = ids[start : start + _number("limit", PAGE, len(ids))]
    messages = [summary(_mail(each)) for each in chosen]
    counts = {"total": len(ids), "unread": len(ids), "count": len(messages), "messages_count": len(ids)}
    return jsonify({**counts, "messages_unread": len(ids), "start": start, "tags": [], "messages": messages})


@pages.get("/api/v1/message/<mail_id>/raw")
def raw_message(mail_id: str) -> Response:
    return Response(_mail(mail_id).stored.raw, content_type="text/plain; charset=utf-8")


@pages.get("/readyz")
def ready() -> str:
    return "ok"


def _store() -> MailStore:
    store = current_app.extensions["mail_store"]
    assert isinstance(store, MailStore)
    return store


def _mail(mail_id: str) -> Mail:
    stored = _store().get(mail_id)
    if stored is None:
        abort(404, "There is no such mail, or it was so old that it made room.")
    return read_mail(stored)


def _number(name: str, default: int, most: int) -> int:
    """A parameter that makes no sense counts as not given."""
    value = request.args.get(name, default, type=int)
    return min(value if value >= 0 else default, most)


def _protect(response: Response) -> Response:
    """No script runs, whatever a mail brings; nothing that the page links to learns where it was linked."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _plainly(error: HTTPException) -> Response:
    return Response(f"{error.description}\n", status=error.code, mimetype="text/plain")
