import pytest

from models.recipe import errors
from models.recipe.errors import EspeakError, RecipeError, StageError, TemplateError, UnspeakableError


@pytest.mark.parametrize("error", [EspeakError, StageError, TemplateError, UnspeakableError])
def test_every_error_of_the_recipe_can_be_caught_as_one(error: type[RecipeError]) -> None:
    with pytest.raises(RecipeError, match="what to do"):
        raise error("what to do")


def test_every_error_says_what_it_is() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RecipeError)
    ]
    assert len(kinds) == 6
    assert all(kind.__doc__ for kind in kinds)
