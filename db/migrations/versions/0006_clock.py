"""When a source's schedule was made: one that a clock made which was set back since holds no more."""

import sqlalchemy as sa
from alembic import op

from db.types import UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("source", sa.Column("scheduled_at", UtcTime, nullable=True))
