"""What can go wrong between a decision and the people."""


class TransferError(Exception):
    """Base of this room's errors."""


class LocationUnreadable(TransferError):
    """A location came with the call but cannot be understood; the call goes on without it."""
