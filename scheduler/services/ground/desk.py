"""What the use cases around visits work with."""

from dataclasses import dataclass
from uuid import UUID

from scheduler.channels.inbound.imap import ImapMailbox
from scheduler.db.engine import Database
from scheduler.db.secrets import Secrets
from scheduler.outgoing.http import Outside
from scheduler.services.clinic.current import Clinics
from scheduler.video.vendor import Vendor


@dataclass(frozen=True, slots=True)
class Desk:
    """The collaborators of every use case: where visits are kept, and what keeps them private."""

    db: Database
    clinics: Clinics
    secrets: Secrets
    public_url: str
    outside: Outside
    """The way to addresses that other people named."""
    video: Vendor | None = None
    """None where the clinic has no video vendor."""
    reads_texts: bool = False
    """Whether what patients answer to a text comes in."""
    mailbox: ImapMailbox | None = None
    """None where nobody gave us one to read."""

    @property
    def staff_link(self) -> str:
        return f"{self.public_url}/staff"

    def visit_link(self, visit: UUID) -> str:
        """Its page of the front desk: it asks whoever opens it to sign in."""
        return f"{self.staff_link}/visits/{visit}"

    def feed_link(self, token: str) -> str:
        return f"{self.public_url}/calendars/{token}.ics"

    def manage_link(self, token: str) -> str:
        return f"{self.public_url}/v/{token}"

    def join_link(self, token: str) -> str:
        return f"{self.public_url}/v/{token}/join"

    def not_you_link(self, token: str) -> str:
        return f"{self.public_url}/not-you/{token}"

    def unsubscribe_link(self, token: str) -> str:
        return f"{self.public_url}/unsubscribe/{token}"

    def token(self, key: str, visit: UUID, recipient: UUID, purpose: str, generation: int) -> str:
        return self.secrets.links.token(key, visit, recipient, purpose, generation)
