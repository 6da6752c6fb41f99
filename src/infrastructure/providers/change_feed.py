"""The parts that follow the change feed. Tests construct them with other intervals and limits."""

from typing import final

from dishka import Provider, Scope, provide

from doorward.application.change_feed.directories import Directories
from doorward.application.change_feed.directory import AccessDirectory
from doorward.application.change_feed.ended_sessions import EndedSessions
from doorward.application.change_feed.feed_marks import FeedMarks
from doorward.application.change_feed.follower import ChangeFollower, FollowerTimings
from doorward.application.change_feed.heartbeat import Heartbeat
from doorward.application.change_feed.known_services import KnownServices
from doorward.application.change_feed.own_accounts import OwnAccounts
from doorward.application.change_feed.prune_changes import PruneChanges
from doorward.application.change_feed.revocation_publisher import RevocationPublisher
from doorward.application.ports.clock import Clock
from doorward.application.ports.storage import Storage
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.settings import Settings


@final
class ChangeFeedProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    follower = provide(ChangeFollower)
    heartbeat = provide(Heartbeat)
    revocation_publisher = provide(RevocationPublisher)

    @provide
    def prune_changes(self, storage: Storage, ended: EndedSessions) -> PruneChanges:
        return PruneChanges(storage, ended)

    directories = provide(Directories)

    @provide
    def timings(self) -> FollowerTimings:
        return FollowerTimings()

    @provide
    def directory(self, storage: Storage, clock: Clock) -> AccessDirectory:
        return AccessDirectory(storage, clock)

    @provide
    def accounts(self, storage: Storage, clock: Clock) -> OwnAccounts:
        return OwnAccounts(storage, clock)

    @provide
    def services(self, storage: Storage, clock: Clock) -> KnownServices:
        return KnownServices(storage, clock)

    @provide
    def ended_sessions(self, storage: Storage, clock: Clock, secret: MasterSecret) -> EndedSessions:
        marks = FeedMarks(secret.derive(b"doorward revocation cursor v1"))
        return EndedSessions(storage, clock, marks, token_lifetime=self.settings.longest_token_lifetime)
