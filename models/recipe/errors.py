"""What can go wrong while a model is made; every message says what to do next."""


class RecipeError(Exception):
    """The base of all errors of the recipe."""


class TemplateError(RecipeError):
    """A sentence template or a word list cannot be read; the message names file and line."""


class UnspeakableError(RecipeError):
    """A text holds something that has no Mandarin pronunciation here."""


class EspeakError(RecipeError):
    """espeak-ng is missing or does not do what it should."""


class StageError(RecipeError):
    """A stage of the recipe failed or lacks what an earlier stage should have left."""


class RecordingError(RecipeError):
    """A corpus of recordings, or one of them, cannot be used; the message names it."""
