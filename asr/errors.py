"""What can go wrong between sound and words; every message says what to do next.

Messages are Chinese first because administrators read them on the command line.
"""


class AsrError(Exception):
    """Any failure of the speech room."""

    retryable = False  # True: the same request may succeed a moment later


class ModelError(AsrError):
    """A speech model cannot be used or installed."""


class ModelNotFound(ModelError):
    """There is no model of that name, or no model at that place."""


class ModelBroken(ModelError):
    """A model's files are incomplete, damaged, or libvosk refuses to load them."""


class ModelRefused(ModelError):
    """An archive or folder is unsafe to unpack: path outside its folder, link, far too big, no valid name."""


class ModelExists(ModelError):
    """A model of that name is installed already."""


class ShelfBusy(ModelError):
    """Another installation holds the model folder."""

    retryable = True


class PoolError(AsrError):
    """The decode pool cannot serve this call."""


class PoolFull(PoolError):
    """All places are taken: this call does without speech (law 1: police)."""

    retryable = True


class PoolBusy(PoolError):
    """One more call would take more time than the decoding threads have: it does without speech (law 1: police)."""

    retryable = True


class PoolBehind(PoolError):
    """Decoding lags too far behind to take another call: it does without speech (law 1: police)."""

    retryable = True


class PoolMissing(PoolError):
    """There is no pool, because no speech model could be loaded: every call does without."""


class PoolClosed(PoolError):
    """The pool has been closed; its streams end without a result."""


class StreamClosed(PoolError):
    """Audio was fed to a stream after its finish()."""


class RecogniserFailed(AsrError):
    """A recogniser could not be opened or could not decode; only its own call is affected."""


class AudioUnreadable(AsrError):
    """A file is not audio, is damaged, or is of an unknown kind."""


class CorpusUnusable(AsrError):
    """A folder or tar of recordings is not as `asr.evaluation.corpus` says; the message names file and line."""


class DownloadFailed(AsrError):
    """A file could not be fetched whole; the message says whether trying again goes on from where it was."""

    retryable = True


class KeywordsUnreadable(AsrError):
    """A lexicon whose deciding words an evaluation cannot find."""
