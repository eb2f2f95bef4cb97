"""What the caller hears: the texts, the recipe that speaks them, and the audio ready to be played."""

from ivr.prompts.library import FOLDER, Prompts, folder_for_asterisk

__all__ = ["FOLDER", "Prompts", "folder_for_asterisk"]
