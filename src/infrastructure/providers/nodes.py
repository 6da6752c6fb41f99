"""What several nodes on one database know of each other."""

import os
import socket
from importlib.metadata import version
from typing import final
from urllib.parse import urlsplit

from dishka import Provider, Scope, provide

from doorward.application.nodes.adopt_settings import AdoptSettings
from doorward.application.nodes.agree_on_settings import AgreeOnSettings
from doorward.application.nodes.list_nodes import ListNodes
from doorward.application.nodes.prune_nodes import PruneNodes
from doorward.application.nodes.report_node import ReportNode
from doorward.application.nodes.shared_settings import SharedSettings
from doorward.application.ports.clock import Clock
from doorward.domain.ids import uuid7
from doorward.domain.nodes.node import MAX_NODE_NAME_CHARACTERS, MAX_VERSION_CHARACTERS, Node, NodeId
from doorward.domain.nodes.shared_setting import SECRET, SharedSetting
from doorward.infrastructure.security.fingerprint import fingerprint
from doorward.infrastructure.security.master_secret import MasterSecret
from doorward.infrastructure.settings.settings import Settings
from doorward.infrastructure.settings.web_addresses import is_loopback

NODES = (AgreeOnSettings, AdoptSettings, ListNodes, PruneNodes, ReportNode)
"""The use cases of several nodes."""


@final
class NodesProvider(Provider):
    scope = Scope.APP

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings

    @provide
    def node(self, clock: Clock) -> Node:
        """Return this process. Its id is made here, so that two processes of one number on two hosts differ."""
        return Node(
            id=NodeId(uuid7(clock.now())),
            name=f"{socket.gethostname()} {os.getpid()}"[-MAX_NODE_NAME_CHARACTERS:],
            version=version("doorward")[:MAX_VERSION_CHARACTERS],
        )

    @provide
    def shared_settings(self, secret: MasterSecret) -> SharedSettings:
        """Return the settings with which tokens of one node are accepted by another."""
        former = frozenset() if secret.previous is None else frozenset({fingerprint(secret.previous)})
        return SharedSettings(
            (
                SharedSetting(name="issuer", value=self.settings.issuer, gives_way=is_of_this_machine),
                SharedSetting(name="audience", value=self.settings.audience),
                SharedSetting(
                    name="access_token_seconds", value=str(self.settings.access_token_seconds), may_differ=True
                ),
                SharedSetting(name=SECRET, value=fingerprint(secret), former=former),
            )
        )


def is_of_this_machine(issuer: str) -> bool:
    """Return whether the issuer is an address that other machines cannot reach, as it is by default."""
    try:
        return is_loopback(urlsplit(issuer).hostname or "")
    except ValueError:
        return False
