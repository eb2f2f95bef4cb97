"""What can be wrong with prompts; each message names the file and says what to do."""

from ivr.errors import IvrError


class PromptError(IvrError):
    """Base of the errors of this room. Seen when the system starts, never during a call."""


class PromptMissing(PromptError):
    """A prompt that calls need is in none of the folders, or a folder is not there."""


class PromptUnreadable(PromptError):
    """A recording is no WAV that can be played to a caller."""


class PromptTextsInvalid(PromptError):
    """prompts.yaml is not a list of keys with one text each."""
