"""What the model never hears in training, so that tests and the demo may be spoken with it."""

from typing import Final

HELD_OUT_VOICES: Final = ("f5", "m7", "Annie", "klatt3", "rob")
"""espeak-ng voice variants kept for tests, evaluation and the demo."""

TRAINING_VOICES: Final = (
    *("", "f1", "f2", "f3", "f4", "m1", "m2", "m3", "m4", "m5", "m6", "m8"),
    *("adam", "Alicia", "Andrea", "anika", "announcer", "antonio", "aunty", "belinda", "benjamin", "boris"),
    *("caleb", "david", "Denis", "Diogo", "ed", "edward", "Gene", "grandma", "grandpa", "gustave", "Hugo"),
    *("iven", "Jacky", "john", "kaukovalta", "klatt2", "klatt4", "klatt6", "Lee", "linda", "Marco", "Mario"),
    *("max", "michel", "Michael", "miguel", "Mike", "norbert", "paul", "pedro", "quincy", "robert"),
    *("sandro", "shelby", "steph", "Storm", "travis", "victor"),
)
"""espeak-ng voice variants that training speech is made with ("" is the plain voice)."""
