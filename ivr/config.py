"""config.yaml, read once, validated, and passed in.

Every value may also come from the environment: MINSHENG110_RECORDS__URL overrides `records: url:`. That is the place
for secrets. What the file does not say has a default that works on one machine out of the box.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ivr.asterisk.settings import Address, AsteriskSettings
from ivr.errors import ConfigInvalid
from ivr.patience import Patience

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT_PREFIX = "MINSHENG110_"
BUNDLED_MODEL = ROOT / "models" / "bundled"


class _Section(BaseModel):
    """A part of the file: unknown keys are errors, values do not change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CallSettings(_Section):
    """The call until it is decided; every value in seconds but where it says otherwise."""

    listen_limit_s: float = Field(
        20.0, ge=5, le=60, description="then police, unless a clear livelihood request stands"
    )
    silence_s: float = Field(3.0, ge=1, le=15, description="no voice: ask once, then police")
    sentence_end_s: float = Field(0.5, ge=0.2, le=3, description="pause after a clear livelihood request")
    turn_end_s: float = Field(1.3, ge=0.5, le=5, description="pause after which an unclear caller is asked")
    barge_in_s: float = Field(0.2, ge=0.05, le=2, description="so much voice stops our prompt")
    history_hours: int = Field(
        24, ge=0, le=168, description="earlier calls from the number that are told; 0: none, none are kept"
    )

    @property
    def patience(self) -> Patience:
        """What of it the dialogue takes."""
        return Patience(**self.model_dump(exclude={"history_hours"}))


class SpeechSettings(_Section):
    """Speech recognition."""

    model: str = Field("", description="name or folder of a model; empty: the one chosen by `model use`")
    threads: int = Field(0, ge=0, le=256, description="decoding threads; 0: one a core")
    capacity: int = Field(
        60, ge=1, le=2000, description="calls listened to at once; more go straight to police"
    )
    max_lag_s: float = Field(1.5, gt=0, le=10, description="decoder behind by more: new calls go to police")
    alternatives: int = Field(
        0, ge=0, le=10, description="other readings of an utterance that may turn a call to police; 0: none"
    )


class RecordsSettings(_Section):
    """Where calls are kept."""

    url: str = Field("", description="SQLAlchemy address; empty: SQLite below data_dir")

    @field_validator("url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        return url


class TriageSettings(_Section):
    """The rules."""

    lexicon: Path = Field(Path("triage/lexicon"), description="folder of the lexicon's YAML files")
    town: Path | None = Field(None, description="file of a town's own changes to the lexicon; unset: none")
    gazetteer: Path | None = Field(
        None, description="list of the county's places (docs/places.md); unset: none"
    )

    def anchored(self, folder: Path) -> TriageSettings:
        """The same with absolute paths, relative ones counted from this folder."""
        named = {"lexicon": self.lexicon, "town": self.town, "gazetteer": self.gazetteer}
        return self.model_copy(
            update={name: (folder / path).resolve() if path else None for name, path in named.items()}
        )


class PromptSettings(_Section):
    """What the caller hears."""

    folder: Path | None = Field(
        None,
        description="your own recordings; a missing one is taken from the built-in set. waiting.wav and "
        "please_hold.wav (8 kHz, 16 bit, mono) replace the music and the announcement of the queues",
    )


class MetricsSettings(_Section):
    """Numbers for Prometheus, at http://address:port/metrics."""

    address: Address = Field("127.0.0.1", description="address of this machine that they are served on")
    port: int = Field(
        9510, ge=0, le=65535, description="port of /metrics; 0 or empty: not served; taken: served by nobody"
    )

    @field_validator("port", mode="before")
    @classmethod
    def _empty_is_off(cls, port: Any) -> Any:
        return 0 if port in (None, "") else port


class Config(BaseSettings):
    """The whole of config.yaml."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__"
    )
    data_dir: Path = Field(Path("var"), description="everything that the running system writes")
    log_level: str = Field(
        "info", pattern="^(debug|info|warning|error)$", description="debug, info, warning, error"
    )
    watchdog_s: float = Field(
        1.5,
        ge=0.5,
        le=10,
        description="a node stopped for longer is killed and restarted; one short of CPU gets three times as long",
    )
    call: CallSettings = CallSettings()
    speech: SpeechSettings = SpeechSettings()
    triage: TriageSettings = TriageSettings()
    prompts: PromptSettings = PromptSettings()
    records: RecordsSettings = RecordsSettings()
    metrics: MetricsSettings = MetricsSettings()
    asterisk: AsteriskSettings = AsteriskSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment outranks the file, which comes in as the initial values."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def database_url(self) -> str:
        """Where the records go."""
        return self.records.url or f"sqlite:///{self.data_dir / 'records.sqlite3'}"

    @property
    def sip_address(self) -> tuple[str, int]:
        """Where somebody on this machine dials 110."""
        address = self.asterisk.bind_address
        return "127.0.0.1" if address == "0.0.0.0" else address, self.asterisk.sip_port

    @property
    def spool_dir(self) -> Path:
        """Where records wait while the database is away."""
        return self.data_dir / "spool"

    @property
    def models_dir(self) -> Path:
        """Where installed speech models lie."""
        return self.data_dir / "models"

    @property
    def kept_rules(self) -> Path:
        """The copy of the rules that were last sound."""
        return self.data_dir / "rules"

    @property
    def control_socket(self) -> Path:
        """Where the running node is asked for something (`ivr reload`)."""
        return self.data_dir / "control.sock"

    @property
    def log_dir(self) -> Path:
        """Where the processes' logs go."""
        return self.data_dir / "log"


def load_config(path: Path | None = None) -> Config:
    """Read and validate the file (default: config.yaml at the project's root; absent: the defaults).

    Relative paths in it count from the folder of the file. Raises ConfigInvalid naming each wrong key.
    """
    chosen = path or ROOT / "config.yaml"
    values: dict[str, Any] = {}
    if chosen.exists() or path is not None:
        values = _read_yaml(chosen)
    try:
        config = Config(**values)
    except ValidationError as error:
        raise ConfigInvalid(_explain(chosen, error)) from None
    return _anchored(config, chosen.resolve().parent)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigInvalid(
            f"{path}: cannot be read ({error.strerror}); name another with --config"
        ) from None
    except UnicodeDecodeError:
        raise ConfigInvalid(f"{path}: is not UTF-8 text") from None
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigInvalid(f"{path}: is not YAML: {error}") from None
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigInvalid(f"{path}: must hold keys and values such as `data_dir: var`")
    return {key: value for key, value in values.items() if value is not None}  # a section of comments only


def _explain(path: Path, error: ValidationError) -> str:
    lines = [f"{path}: {error.error_count()} value(s) cannot be used:"]
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        given = "" if problem["type"] == "extra_forbidden" else f" (given: {problem['input']!r})"
        what = "no such key; see config.yaml for the known ones" if not given else problem["msg"]
        lines.append(f"  {key}: {what}{given}")
    lines.append(f"Environment variables {ENVIRONMENT_PREFIX}… outrank the file; check them too.")
    return "\n".join(lines)


def _anchored(config: Config, folder: Path) -> Config:
    """Make relative paths absolute, so that nothing depends on where a command is run."""
    prompts, data_dir = config.prompts.folder, (folder / config.data_dir).resolve()
    asterisk, speech = config.asterisk, config.speech
    if "/" in speech.model:  # a folder, not a name
        speech = speech.model_copy(update={"model": str((folder / speech.model).resolve())})
    if "data" not in asterisk.model_fields_set:
        asterisk = asterisk.model_copy(update={"data": data_dir / "asterisk"})
    return config.model_copy(
        update={
            "data_dir": data_dir,
            "speech": speech,
            "triage": config.triage.anchored(folder),
            "prompts": PromptSettings(folder=(folder / prompts).resolve() if prompts else None),
            "asterisk": asterisk.anchored(folder),
        }
    )
