"""Uses the package that openapi-python-client generated, and prints what came of it as JSON."""

import importlib
import json
import pkgutil
import sys

import doorward_client
from doorward_client import AuthenticatedClient, Client
from doorward_client.api.administration_roles import get_role
from doorward_client.api.discovery import revocations
from doorward_client.api.guarded_resources import moderator_content, user_content
from doorward_client.api.own_account import get_own_account
from doorward_client.api.sessions import refresh_session, sign_out
from doorward_client.api.sign_up_and_sign_in import sign_in, sign_up
from doorward_client.models import Refresh, SignIn, SignInForm, SignUp

base_url, username, password = sys.argv[1:]
for module in pkgutil.walk_packages(doorward_client.__path__, "doorward_client."):
    importlib.import_module(module.name)

with Client(base_url=base_url) as anybody:
    signed_up = sign_up.sync(
        client=anybody, body=SignUp(username=username, email=f"{username}@example.org", password=password)
    )
    signed_in = sign_in.sync(client=anybody, body=SignIn(username=username, password=password))
    signed_in_by_form = sign_in.sync(client=anybody, body=SignInForm(username=username, password=password))
    published = revocations.sync(client=anybody)
    refreshed = refresh_session.sync(client=anybody, body=Refresh(refresh_token=signed_in.refresh_token))

with AuthenticatedClient(base_url=base_url, token=signed_in.access_token) as somebody:
    results = {
        "signedUp": signed_up.message,
        "signedIn": signed_in.username,
        "signedInByForm": signed_in_by_form.username,
        "account": get_own_account.sync(client=somebody).session.address,
        "content": user_content.sync(client=somebody),
        "refused": moderator_content.sync_detailed(client=somebody).status_code,
        "forbidden": get_role.sync(client=somebody, role="moderator").code,
        "revocations": len(published.split(".")),
        "refreshed": refreshed.username,
        "signedOut": sign_out.sync_detailed(client=somebody).status_code,
    }

sys.stdout.write(json.dumps(results))
