"""Where a mailbox is: what can be written, and what is refused before anything starts."""

import pytest

from config.imap_address import parse_imap_address


def test_an_address_says_server_person_and_folder() -> None:
    found = parse_imap_address("imaps://visits:example@mail.clinic.example/INBOX")
    assert (found.host, found.port, found.starttls) == ("mail.clinic.example", 993, False)
    assert (found.user, found.password, found.folder, found.handled) == ("visits", "example", "INBOX", None)


@pytest.mark.parametrize("path", ["", "/"])
def test_without_a_folder_it_is_the_inbox(path: str) -> None:
    assert parse_imap_address(f"imaps://visits:example@mail.clinic.example{path}").folder == "INBOX"


def test_folders_may_lie_in_folders_and_have_any_name() -> None:
    written = "imap+starttls://visits:example@mail.clinic.example/Visits/Ma%C3%B1ana?handled=Visits/Done"
    found = parse_imap_address(written)
    assert (found.folder, found.handled) == ("Visits/Mañana", "Visits/Done")
    assert (found.port, found.starttls) == (143, True)


def test_signs_in_name_and_password_are_written_as_in_every_address() -> None:
    found = parse_imap_address("imaps://visits%40clinic.example:p%40ss%2Fword@mail.clinic.example:1993/")
    assert (found.user, found.password, found.port) == ("visits@clinic.example", "p@ss/word", 1993)


def test_the_password_is_not_shown() -> None:
    assert "canary" not in repr(parse_imap_address("imaps://visits:canary@mail.clinic.example/"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "imap://visits:canary@mail.clinic.example/",
        "https://visits:canary@mail.clinic.example/",
        "imaps://mail.clinic.example/",
        "imaps://visits@mail.clinic.example/",
        "imaps://visits:canary@/",
        "imaps://visits:canary@mail clinic/",
        "imaps://visits:canary@mail.clinic.example:none/",
        "imaps://visits:canary@mail.clinic.example/?handled=",
        "imaps://visits:canary@mail.clinic.example/?handled=INBOX",
        "imaps://visits:canary@mail.clinic.example/?delete=1",
        "imaps://visits:canary@mail.clinic.example/#part",
        "imaps://visits:canary@mail.clinic.example/a%0Ab",
    ],
)
def test_what_is_no_mailbox_is_refused_without_its_words(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_imap_address(text)
    assert "canary" not in str(refused.value)
