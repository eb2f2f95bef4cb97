"""What can go wrong while a program is fetched; each message says what to do next."""

from __future__ import annotations


class ProvisionError(Exception):
    """A package could not be provided. `retryable`: the same call may succeed later without any change."""

    retryable = False


class AptMissing(ProvisionError):
    """The machine has no apt: it is no Debian or Ubuntu, or a cut-down image."""


class MirrorUnreachable(ProvisionError):
    """No package mirror answered."""

    retryable = True


class PackageNotFound(ProvisionError):
    """The suite has no such package, or it cannot be installed there."""


class NoSpace(ProvisionError):
    """The disk is too full for the packages."""


class FolderTaken(ProvisionError):
    """The target folder holds something that was not put there by `unpack`."""


class PackageBroken(ProvisionError):
    """A downloaded package could not be unpacked."""

    retryable = True
