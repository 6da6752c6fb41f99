"""Checks Doorward's access tokens in your own services, without Litestar or SQLAlchemy.

```python
from doorward.guard import Guard

guard = Guard("https://auth.example.com", audience="doorward")

claims = guard.verify(token)  # raises InvalidToken or Unavailable
claims.subject, claims.roles
```

`doorward.guard.litestar`, `doorward.guard.fastapi` and `doorward.guard.asgi` have `require_token` and `require_roles`
for these frameworks. Each imports its framework, and this package imports none of them.
"""

from doorward.guard.fetch import Answer as Answer
from doorward.guard.fetch import Fetch as Fetch
from doorward.guard.guard import Guard as Guard
from doorward.guard.refusals import InvalidRequest as InvalidRequest
from doorward.guard.refusals import InvalidToken as InvalidToken
from doorward.guard.refusals import Refusal as Refusal
from doorward.guard.refusals import RoleRequired as RoleRequired
from doorward.guard.refusals import TokenRequired as TokenRequired
from doorward.guard.refusals import Unavailable as Unavailable
from doorward.tokens.claims import Claims as Claims
