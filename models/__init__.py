"""The speech models: how the bundled one is made (`models.recipe`) and the model itself (`models/bundled`)."""
