"""The small application behind the real frame, for checks of what all keyed faces share."""

from tests.faces.conftest import framed, plain_logs

__all__ = ["framed", "plain_logs"]
