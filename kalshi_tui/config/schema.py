"""The settings as types: what may be set, in which unit and range, and the value that the program then works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from kalshi_tui.config.kinds import Address, Choice, Dollars, FilePath, Flag, Number, Text, Whole
from kalshi_tui.config.tables import (
    EngineSettings,
    FilterSettings,
    LinkSettings,
    LogSettings,
    StorageSettings,
    TapeSettings,
    TerminalSettings,
)
from kalshi_tui.config.trading import LimitSettings, LiveSettings, OrderSettings, PaperSettings
from kalshi_tui.core.fees import FeeRule
from kalshi_tui.core.units import Money


class Environment(StrEnum):
    """The venue that is asked."""

    PRACTICE = "practice"
    DEMO = "demo"
    PROD = "prod"


class ExecutionMode(StrEnum):
    """What may happen to an order: nothing, a simulation, or the venue gets it."""

    OBSERVE = "observe"
    PAPER = "paper"
    LIVE = "live"


class ExecutionWish(StrEnum):
    """What the settings may say about orders; `auto` is decided by the venue, before anybody else reads it."""

    AUTO = "auto"
    OBSERVE = "observe"
    PAPER = "paper"
    LIVE = "live"

    def on(self, environment: Environment) -> ExecutionMode:
        """Return what it comes to at a venue: where no money is real on our own desk, auto trades; else it looks."""
        if self is not ExecutionWish.AUTO:
            return ExecutionMode(self.value)
        return ExecutionMode.LIVE if environment is Environment.PRACTICE else ExecutionMode.OBSERVE


class LogLevel(StrEnum):
    """How much the log says."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class KeySource(StrEnum):
    """Where a private key is kept."""

    FILE = "file"
    KEYRING = "keyring"


class TransportName(StrEnum):
    """The library that carries the stream."""

    AUTO = "auto"
    WEBSOCKETS = "websockets"
    PICOWS = "picows"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSettings:
    """Where one venue answers, and which key signs there."""

    rest_url: Annotated[str, Address("/trade-api/v2")]
    stream_url: Annotated[str, Address("/trade-api/ws/v2")]
    key_source: Annotated[KeySource, Choice(KeySource)]
    key_id: Annotated[str, Text()]
    key_path: Annotated[Path | None, FilePath()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Venues:
    """One venue for each environment."""

    practice: VenueSettings
    demo: VenueSettings
    prod: VenueSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeSettings:
    """The exchange on your desk."""

    world: Annotated[str, Text()]
    seed: Annotated[int, Whole(0, 2**63 - 1)]
    speed: Annotated[float, Number(0.01, 10_000, "times the wall clock")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """How long we wait for an answer, and how we try again."""

    answer_timeout_s: Annotated[float, Number(0.1, 120, "seconds")]
    read_retries: Annotated[int, Whole(0, 10, "attempts")]
    backoff_first_s: Annotated[float, Number(0.01, 60, "seconds")]
    backoff_limit_s: Annotated[float, Number(0.1, 600, "seconds")]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """How the stream is carried and when its books stop being trusted."""

    transport: Annotated[TransportName, Choice(TransportName)]
    use_yes_price: Annotated[bool, Flag()]
    ping_limit_s: Annotated[float, Number(1, 120, "seconds")]
    reconnect_first_s: Annotated[float, Number(0.01, 60, "seconds")]
    reconnect_limit_s: Annotated[float, Number(0.1, 600, "seconds")]
    delay_limit_s: Annotated[float, Number(0.1, 60, "seconds")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeSettings:
    """Which fee rule charges us."""

    rule: Annotated[FeeRule, Choice(FeeRule)]
    balance_grid: Annotated[Money, Dollars(("0.0001", "0.01"))]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that works but should be put right, and how."""

    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings in force; `origin` tells of each where it came from."""

    environment: Annotated[Environment, Choice(Environment, {"production": "prod"})]
    execution_mode: Annotated[ExecutionMode, Choice(ExecutionWish)]  # load turns the wish into the mode
    log_level: Annotated[LogLevel, Choice(LogLevel, {"warn": "warning"})]
    venues: Venues
    practice: PracticeSettings
    network: NetworkSettings
    stream: StreamSettings
    fees: FeeSettings
    limits: LimitSettings
    orders: OrderSettings
    live: LiveSettings
    paper: PaperSettings
    engine: EngineSettings
    filters: FilterSettings
    link: LinkSettings
    storage: StorageSettings
    tape: TapeSettings
    logs: LogSettings
    terminal: TerminalSettings
    origins: Mapping[str, str]
    notices: tuple[Notice, ...]

    @property
    def venue(self) -> VenueSettings:
        """Return the venue of the environment in force."""
        return {
            Environment.PRACTICE: self.venues.practice,
            Environment.DEMO: self.venues.demo,
            Environment.PROD: self.venues.prod,
        }[self.environment]

    def origin(self, key: str) -> str:
        """Say where the value of a dotted key came from."""
        return self.origins[key]
