"""What the public may know of the clinic."""

from flask.testing import FlaskClient


def test_the_clinic_says_who_it_is_and_whom_to_call_in_an_emergency(client: FlaskClient) -> None:
    answer = client.get("/v1/clinic")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "name": "Example Clinic",
        "phone": "+14095550100",
        "timezone": "America/Chicago",
        "languages": ["en", "es"],
        "emergency": "If this is an emergency, call 911.",
        "links": {"privacy": "https://clinic.example/privacy"},
        "consents": [
            {
                "kind": kind,
                "version": "1",
                "text": words,
                "modes": ["in_person", "telemedicine"],
                "required": False,
            }
            for kind, words in (("privacy", "I have read the notice."), ("sms", "Send me texts."))
        ],
        "needs": [],
    }


def test_the_clinic_speaks_spanish_to_those_who_ask_for_it(client: FlaskClient) -> None:
    said = client.get("/v1/clinic", headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}).get_json()
    assert said["emergency"] == "Si es una emergencia, llame al 911."
    kinds = client.get("/v1/visit-types", headers={"Accept-Language": "es"}).get_json()["items"]
    assert kinds[0]["label"] == "Seguimiento"


def test_a_language_that_nobody_speaks_here_is_answered_in_english(client: FlaskClient) -> None:
    for wanted in ("fr", "*", "", "tlh-Piqd;q=0.1", ";;;q=", "es;q=0"):
        said = client.get("/v1/clinic", headers={"Accept-Language": wanted}).get_json()
        assert said["emergency"] == "If this is an emergency, call 911."


def test_a_visit_type_says_how_it_can_be_booked(client: FlaskClient) -> None:
    body = client.get("/v1/visit-types").get_json()
    assert body["next"] is None
    kinds = {each["code"]: each for each in body["items"]}
    assert list(kinds) == ["follow-up", "buffered", "reviewed", "limited", "asked"]
    assert kinds["reviewed"] == {
        "code": "reviewed",
        "label": "Reviewed",
        "description": "A visit.",
        "minutes": 45,
        "modes": [{"mode": "in_person", "approval": "auto"}, {"mode": "telemedicine", "approval": "staff"}],
        "new_patients": "yes",
        "triage": False,
    }


def test_a_practitioner_says_which_visits_and_where(client: FlaskClient) -> None:
    people = {each["code"]: each for each in client.get("/v1/practitioners").get_json()["items"]}
    assert people["one"] == {
        "code": "one",
        "name": "Dr. Example One",
        "timezone": "America/Chicago",
        "visit_types": ["follow-up", "buffered", "reviewed", "limited", "asked"],
        "locations": ["main"],
    }
    assert "limited" not in people["two"]["visit_types"]
    assert people["three"]["locations"] == ["north"]


def test_a_location_says_where_it_is(client: FlaskClient) -> None:
    places = {each["code"]: each for each in client.get("/v1/locations").get_json()["items"]}
    assert places["main"] == {
        "code": "main",
        "name": "Main Office",
        "address": "100 Example Street, Exampleville, TX 00000",
        "timezone": "America/Chicago",
        "phone": None,
    }
    assert set(places) == {"main", "north"}


def test_head_answers_like_get_without_a_body(client: FlaskClient) -> None:
    for path in ("/v1/clinic", "/v1/visit-types", "/v1/practitioners", "/v1/locations"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
