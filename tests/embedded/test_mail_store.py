from pathlib import Path

from scheduler.embedded.mail_store import MailStore


def test_the_oldest_mail_makes_room(tmp_path: Path) -> None:
    store = MailStore(tmp_path, keep=2)
    ids = [store.add(b"mail", "", []) for _ in range(3)]
    assert store.ids() == [ids[2], ids[1]]
    assert store.get(ids[0]) is None
    assert len(list(tmp_path.iterdir())) == 4


def test_a_new_run_goes_on_in_order_even_when_the_clock_went_back(tmp_path: Path) -> None:
    future = f"{4_102_444_800 * 10**9:020d}-00000000"
    (tmp_path / f"{future}.eml").write_bytes(b"from the future")
    store = MailStore(tmp_path)
    newer = store.add(b"now", "", [])
    assert store.ids() == [newer, future]


def test_a_mail_whose_envelope_is_lost_can_still_be_read(tmp_path: Path) -> None:
    store = MailStore(tmp_path)
    mail_id = store.add(b"mail", "clinic@example.org", ["pat@example.org"])
    (tmp_path / f"{mail_id}.json").write_text("{")
    stored = store.get(mail_id)
    assert stored
    assert (stored.raw, stored.recipients) == (b"mail", ())


def test_others_on_the_machine_cannot_look_into_the_folder(tmp_path: Path) -> None:
    MailStore(tmp_path / "mails")
    assert (tmp_path / "mails").stat().st_mode & 0o077 == 0
